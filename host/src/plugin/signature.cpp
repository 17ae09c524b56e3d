#include "plugin/signature.hpp"

#include "plugin/file.hpp"
#include "plugin/ownership.hpp"
#include "plugin/refusal.hpp"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <new>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tenon {
namespace {

constexpr std::string_view first_line = "tenon plugin signature v1\n";
constexpr std::string_view key_word = "key ";
constexpr std::string_view signature_word = "ed25519 ";
constexpr std::size_t id_digits = 16;
constexpr std::size_t base64_letters = 88;  // of 64 bytes

struct free_key {
  void operator()(EVP_PKEY* key) const noexcept { ::EVP_PKEY_free(key); }
};
struct free_bio {
  void operator()(BIO* bio) const noexcept { ::BIO_free(bio); }
};
struct free_context {
  void operator()(EVP_MD_CTX* context) const noexcept { ::EVP_MD_CTX_free(context); }
};
using key_handle = std::unique_ptr<EVP_PKEY, free_key>;
using bio_handle = std::unique_ptr<BIO, free_bio>;
using context_handle = std::unique_ptr<EVP_MD_CTX, free_context>;

const unsigned char* octets(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

/// OpenSSL would ask the terminal for a passphrase.
int no_passphrase(char*, int, int, void*) { return -1; }

struct opened_file {
  std::string text;
  struct stat state {};
  std::string distrust;  ///< why others than root and us could have written it
};

/// Symbolic links are followed to where the file is, and the rules are those of that place.
result<opened_file> read_key_file(const std::filesystem::path& file) {
  std::error_code code;
  const auto real = std::filesystem::canonical(file, code);
  if (code) return refusal(why_not_opened(file, code.value()));
  const file_descriptor place(::open(real.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!place) return refusal(why_not_opened(file, errno));
  const auto opened = open_beneath(place.get(), real.filename().string());
  if (!opened) return refusal(why_not_opened(file, errno));
  const auto bytes = read_whole(opened.get(), file, largest_key_file);
  if (!bytes) return bytes.error();
  opened_file made;
  made.text.assign(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  if (::fstat(opened.get(), &made.state) != 0) return refusal(file.string() + ": " + describe_errno(errno));
  made.distrust = tenon::distrust(place.get(), opened.get(), file, *find_trusted({}));
  return made;
}

/// "-----BEGIN PUBLIC KEY-----" and the like, once; or what else is there.
std::string check_pem(std::string_view text, std::string_view kind) {
  constexpr std::string_view opening = "-----BEGIN ";
  const auto at = text.find(opening);
  if (at == text.npos) return "no PEM at all";
  const auto label = text.substr(at + opening.size(), text.substr(at + opening.size()).find("-----"));
  if (label != kind) return "a " + std::string(label.substr(0, 40));
  return text.find(opening, at + 1) == text.npos ? std::string() : "more than one block";
}

std::string pem_of(BIO* bio) {
  char* begin = nullptr;
  const long size = ::BIO_get_mem_data(bio, &begin);
  return {begin, static_cast<std::size_t>(size)};
}

}  // namespace

std::string key_id(const public_key& key) {
  return sha256_hex(std::as_bytes(std::span(key.bytes))).substr(0, id_digits);
}

std::string signed_message(std::string_view name, std::string_view content_hash) {
  return "tenon plugin v1\nname " + std::string(name) + "\nsha256 " + std::string(content_hash) + '\n';
}

std::string render(const plugin_signature& signature) {
  std::array<unsigned char, base64_letters + 1> letters{};
  ::EVP_EncodeBlock(letters.data(), signature.bytes.data(), static_cast<int>(signature.bytes.size()));
  return std::string(first_line) + std::string(key_word) + signature.key_id + '\n' + std::string(signature_word) +
         reinterpret_cast<const char*>(letters.data()) + '\n';
}

result<plugin_signature> parse_signature(std::string_view text, const std::filesystem::path& path) {
  constexpr auto whole =
      first_line.size() + key_word.size() + id_digits + 1 + signature_word.size() + base64_letters + 1;
  plugin_signature made;
  if (text.size() == whole) {
    made.key_id = text.substr(first_line.size() + key_word.size(), id_digits);
    const auto letters = text.substr(whole - 1 - base64_letters, base64_letters);
    std::array<unsigned char, base64_letters / 4 * 3> decoded{};
    if (::EVP_DecodeBlock(decoded.data(), octets(letters), base64_letters) == static_cast<int>(decoded.size())) {
      std::copy_n(decoded.begin(), made.bytes.size(), made.bytes.begin());
      // One spelling only: what was decoded leniently is not spelled the same again.
      if (render(made) == text) return made;
    }
  }
  return refusal(path.string() + ": expected a signature of " + std::to_string(whole) + " bytes that starts with \"" +
                 std::string(first_line.substr(0, first_line.size() - 1)) + "\", found " + std::to_string(text.size()) +
                 " bytes that are none; make it again: tenonctl plugin sign");
}

bool verifies(const public_key& key, const plugin_signature& signature, std::string_view message) {
  const key_handle handle(::EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.bytes.data(), key.bytes.size()));
  const context_handle context(::EVP_MD_CTX_new());
  if (!handle || !context) throw std::bad_alloc();
  return ::EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, handle.get()) == 1 &&
         ::EVP_DigestVerify(context.get(), signature.bytes.data(), signature.bytes.size(), octets(message),
                            message.size()) == 1;
}

result<public_key> read_public_key(const std::filesystem::path& file) {
  const auto read = read_key_file(file);
  if (!read) return read.error();
  if (!read->distrust.empty()) return refusal(read->distrust);
  auto found = check_pem(read->text, "PUBLIC KEY");
  if (found.empty()) {
    const bio_handle bio(::BIO_new_mem_buf(read->text.data(), static_cast<int>(read->text.size())));
    if (!bio) throw std::bad_alloc();
    const key_handle key(::PEM_read_bio_PUBKEY(bio.get(), nullptr, no_passphrase, nullptr));
    public_key made{.bytes = {}, .file = file};
    auto size = made.bytes.size();
    if (key && ::EVP_PKEY_get_id(key.get()) == EVP_PKEY_ED25519 &&
        ::EVP_PKEY_get_raw_public_key(key.get(), made.bytes.data(), &size) == 1 && size == made.bytes.size()) {
      return made;
    }
    found = key ? "a public key of another kind" : "a damaged one";
  }
  return refusal(file.string() + ": expected one Ed25519 public key in PEM, found " + found +
                 "; make a pair of keys: tenonctl plugin keygen");
}

result<private_key> private_key::read(const std::filesystem::path& file, std::string_view maker) {
  const auto read = read_key_file(file);
  if (!read) return read.error();
  if ((read->state.st_mode & 0077) != 0) {
    return refusal(file.string() +
                   ": expected a private key that only its owner can read (mode 0600), found that "
                   "others can; make a new pair of keys, for it may be known by now, or chmod "
                   "0600 it");
  }
  auto found = check_pem(read->text, "PRIVATE KEY");
  if (found.empty()) {
    const bio_handle bio(::BIO_new_mem_buf(read->text.data(), static_cast<int>(read->text.size())));
    if (!bio) throw std::bad_alloc();
    const std::shared_ptr<EVP_PKEY> key(::PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr),
                                        free_key());
    public_key own;
    auto size = own.bytes.size();
    if (key && ::EVP_PKEY_get_id(key.get()) == EVP_PKEY_ED25519 &&
        ::EVP_PKEY_get_raw_public_key(key.get(), own.bytes.data(), &size) == 1 && size == own.bytes.size()) {
      return private_key(key, own);
    }
    found = key ? "a private key of another kind" : "a damaged one";
  }
  return refusal(file.string() + ": expected one Ed25519 private key in PEM, without a passphrase, found " + found +
                 "; make a pair of keys: " + std::string(maker));
}

std::array<unsigned char, 64> private_key::sign(std::string_view message) const {
  const context_handle context(::EVP_MD_CTX_new());
  std::array<unsigned char, 64> made{};
  auto size = made.size();
  // Nothing but memory can be missing: the key is whole.
  if (!context ||
      ::EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, static_cast<EVP_PKEY*>(key_.get())) != 1 ||
      ::EVP_DigestSign(context.get(), made.data(), &size, octets(message), message.size()) != 1) {
    throw std::bad_alloc();
  }
  return made;
}

result<plugin_signature> sign(const std::filesystem::path& file, std::string_view message) {
  const auto key = private_key::read(file, "tenonctl plugin keygen");
  if (!key) return key.error();
  return plugin_signature{.key_id = key_id(key->owner()), .bytes = key->sign(message)};
}

key_pair make_key_pair() {
  const key_handle key(::EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  const bio_handle secret(::BIO_new(::BIO_s_secmem()));
  const bio_handle shared(::BIO_new(::BIO_s_mem()));
  if (!key || !secret || !shared ||
      ::PEM_write_bio_PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
      ::PEM_write_bio_PUBKEY(shared.get(), key.get()) != 1) {
    throw std::bad_alloc();  // Ed25519 is built into OpenSSL 3
  }
  return {.private_pem = pem_of(secret.get()), .public_pem = pem_of(shared.get())};
}

}  // namespace tenon
