#pragma once

#include "../http_client/certificates.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include <unistd.h>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

/// A certificate and its key as files in a directory of their own, removed at the end of the test.
class identity_files {
 public:
  explicit identity_files(const std::string& name = "server") {
    std::string made = (std::filesystem::temp_directory_path() / "tenon-tls-XXXXXX").string();
    directory_ = ::mkdtemp(made.data());
    replace(name);
  }
  identity_files(const identity_files&) = delete;
  identity_files& operator=(const identity_files&) = delete;
  ~identity_files() { std::filesystem::remove_all(directory_); }

  /// Another key and certificate, for that common name.
  void replace(const std::string& name) const {
    const auto made = certificates::make({.common_name = name, .alternative_names = "DNS:localhost"});
    write(certificate(), made.certificate);
    write(key(), made.key);
  }
  void write(const std::filesystem::path& file, const std::string& text) const {
    std::ofstream(file) << text;
    std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }

  std::filesystem::path certificate() const { return directory_ / "chain.pem"; }
  std::filesystem::path key() const { return directory_ / "key.pem"; }

 private:
  std::filesystem::path directory_;
};

/// A blocking client over TLS that believes every certificate.
class tls_client {
 public:
  struct offer {
    int newest = TLS1_3_VERSION;
    std::string protocols = {};  ///< of ALPN, as they go over the wire
  };

  explicit tls_client(std::uint16_t port) : tls_client(port, offer()) {}
  tls_client(std::uint16_t port, const offer& given) {
    SSL_CTX_set_cipher_list(tls_.native_handle(), "DEFAULT@SECLEVEL=0");
    SSL_CTX_set_min_proto_version(tls_.native_handle(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(tls_.native_handle(), given.newest);
    stream_ = std::make_unique<boost::asio::ssl::stream<boost::asio::ip::tcp::socket>>(context_, tls_);
    if (!given.protocols.empty()) {
      SSL_set_alpn_protos(stream_->native_handle(), reinterpret_cast<const unsigned char*>(given.protocols.data()),
                          static_cast<unsigned>(given.protocols.size()));
    }
    stream_->next_layer().connect({boost::asio::ip::make_address("127.0.0.1"), port});
    stream_->handshake(boost::asio::ssl::stream_base::client, failed_);
  }

  bool is_open() const { return !failed_; }
  std::string version() const { return SSL_get_version(stream_->native_handle()); }

  std::string protocol() const {
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(stream_->native_handle(), &chosen, &size);
    return {reinterpret_cast<const char*>(chosen), size};
  }

  /// The common name in the server's certificate.
  std::string peer() const {
    char name[256] = {};
    X509* const shown = SSL_get1_peer_certificate(stream_->native_handle());
    if (shown == nullptr) return {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(shown), NID_commonName, name, sizeof name);
    X509_free(shown);
    return name;
  }

  tls_client& send(std::string_view bytes) {
    boost::system::error_code ignored;
    boost::asio::write(*stream_, boost::asio::buffer(bytes), ignored);
    return *this;
  }

  std::string read_head() {
    boost::system::error_code failed;
    const auto size = boost::asio::read_until(*stream_, boost::asio::dynamic_buffer(received_), "\r\n\r\n", failed);
    auto taken = received_.substr(0, failed ? received_.size() : size);
    received_.erase(0, taken.size());
    return taken;
  }

  /// Everything until the other side says that nothing follows. `was_whole` is false if it just went away.
  std::string read_rest(bool* was_whole = nullptr) {
    boost::system::error_code ended;
    boost::asio::read(*stream_, boost::asio::dynamic_buffer(received_), boost::asio::transfer_all(), ended);
    if (was_whole != nullptr) *was_whole = ended == boost::asio::error::eof;
    return std::exchange(received_, {});
  }

 private:
  boost::asio::io_context context_;
  boost::asio::ssl::context tls_{boost::asio::ssl::context::tls_client};
  std::unique_ptr<boost::asio::ssl::stream<boost::asio::ip::tcp::socket>> stream_;
  boost::system::error_code failed_;
  std::string received_;
};
