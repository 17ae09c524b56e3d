// crypto/1
#include "platform/plain_text.hpp"
#include "platform/platform_shell.hpp"
#include "platform/services.hpp"
#include "platform/signature.hpp"

#include <boost/asio/post.hpp>

#include <optional>
#include <span>
#include <string>
#include <utility>

namespace tenon {
namespace {

using sign_function = std::optional<std::string> (*)(std::string_view key, std::string_view text);

sign_function find_sign(std::string_view algorithm) noexcept {
  if (algorithm == "RS256") return &sign_rs256;
  if (algorithm == "HS256") return &sign_hs256;
  return nullptr;
}

/// One signature, computed on the blocking executor: RSA takes a quarter of a millisecond, which no strand should wait
/// for.
class sign_operation final : public operation, public std::enable_shared_from_this<sign_operation> {
 public:
  struct input {
    sign_function sign;
    std::shared_ptr<const secret_reader> secrets;
    std::string secret, pointer, text;
  };

  sign_operation(input what, tenon_bytes_fn done, void* user) : input_(std::move(what)), done_(done), user_(user) {}

  void launch(const std::shared_ptr<platform_shell>& shell, tenon_op id) override {
    const auto pool = shell->environment().blocking_of(shell->tenant());
    boost::asio::post(pool, [self = shared_from_this(), weak = std::weak_ptr(shell), id] {
      self->compute();
      if (const auto still_there = weak.lock()) still_there->post_delivery(id);
    });
  }

  /// It is over before a cancel could matter.
  void cancel() noexcept override {}

  void deliver(tenon_op id) noexcept override {
    if (signature_)
      done_(user_, id, TENON_OK, abi_text(*signature_));
    else
      done_(user_, id, TENON_E_INVALID, {});
  }
  void close(tenon_op id) noexcept override { done_(user_, id, TENON_E_CLOSING, {}); }

 private:
  void compute() {
    const auto secrets = std::move(input_.secrets);
    const auto key = secrets ? secrets->find(input_.secret, input_.pointer) : std::nullopt;
    if (key) signature_ = input_.sign(*key, input_.text);
  }

  input input_;
  const tenon_bytes_fn done_;
  void* const user_;
  std::optional<std::string> signature_;  ///< written before the delivery is posted, read by it
};

tenon_status sign(tenon_ctx* ctx, tenon_str algorithm, tenon_str secret, tenon_str pointer, tenon_str data,
                  tenon_bytes_fn done, void* user, tenon_op* op) noexcept {
  auto* const frame = entry_frame::of(ctx);
  if (frame == nullptr || done == nullptr || op == nullptr) return TENON_E_INVALID;
  if (!is_well_formed(secret) || !is_well_formed(pointer) || !is_well_formed(data)) return TENON_E_INVALID;
  const auto function = find_sign(view_of(algorithm));
  if (function == nullptr) return TENON_E_INVALID;
  sign_operation::input what{.sign = function,
                             .secrets = frame->shell().secrets(),
                             .secret = std::string(view_of(secret)),
                             .pointer = std::string(view_of(pointer)),
                             .text = std::string(view_of(data))};
  return frame->start(std::make_shared<sign_operation>(std::move(what), done, user), op);
}

tenon_status hash(tenon_ctx* ctx, tenon_str algorithm, tenon_str data, void* out, std::uint64_t* size) noexcept {
  if (entry_frame::of(ctx) == nullptr || out == nullptr || size == nullptr || !is_well_formed(data))
    return TENON_E_INVALID;
  const auto needed = digest_size(view_of(algorithm));
  if (needed == 0) return TENON_E_INVALID;
  const auto capacity = std::exchange(*size, needed);
  if (capacity < needed) return TENON_E_LIMIT;
  return digest(view_of(algorithm), view_of(data), {static_cast<unsigned char*>(out), needed}) ? TENON_OK
                                                                                               : TENON_E_FAILED;
}

tenon_status random(tenon_ctx* ctx, void* out, std::uint64_t size) noexcept {
  if (entry_frame::of(ctx) == nullptr || (out == nullptr && size != 0)) return TENON_E_INVALID;
  return random_bytes({static_cast<unsigned char*>(out), size}) ? TENON_OK : TENON_E_FAILED;
}

}  // namespace

const tenon_crypto_1 crypto_service = {.sign = &sign, .hash = &hash, .random = &random};

}  // namespace tenon
