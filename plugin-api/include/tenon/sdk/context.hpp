#pragma once

#include <tenon/abi/plugin.h>
#include <tenon/sdk/crypto.hpp>
#include <tenon/sdk/http.hpp>
#include <tenon/sdk/limiter.hpp>
#include <tenon/sdk/log.hpp>
#include <tenon/sdk/secret.hpp>
#include <tenon/sdk/store.hpp>
#include <tenon/sdk/submitted.hpp>
#include <tenon/sdk/time.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tenon::sdk {

/// What a platform is built from: its tenant, and the host's services for it. A value that is cheap to copy; give a
/// copy, or the one service it needs, to every class that talks to the host.
class platform_context {
 public:
  platform_context(detail::host_link link, std::string tenant, json::object settings,
                   std::vector<std::string> specialisms, json::object inherited = json::object())
      : link_(link),
        tenant_(std::make_shared<const about>(std::move(tenant), std::move(settings), std::move(specialisms),
                                              std::move(inherited))) {}

  const std::string& tenant() const noexcept { return tenant_->id; }

  /// Valid against the manifest's settings_schema; a secret stands as {"secret": "<name>"}.
  const json::object& settings() const noexcept { return tenant_->settings; }
  const std::vector<std::string>& specialisms() const noexcept { return tenant_->specialisms; }

  /// What the platform before this one gave in hand_over(), of this version or another; empty: nothing.
  const json::object& inherited() const noexcept { return tenant_->inherited; }

  http_client http() const noexcept { return http_client(link_); }
  timer_service timers() const noexcept { return timer_service(link_); }
  limiter_service limiter() const noexcept { return limiter_service(link_); }
  store_service store() const noexcept { return store_service(link_); }
  logger log() const noexcept { return logger(link_); }
  clocks time() const noexcept { return clocks(link_); }
  crypto_service crypto() const noexcept { return crypto_service(link_); }
  secret_text secret(std::string name) const { return secret_text(link_, std::move(name)); }

 private:
  struct about {
    std::string id;
    json::object settings;
    std::vector<std::string> specialisms;
    json::object inherited;
    about(std::string id_, json::object settings_, std::vector<std::string> specialisms_, json::object inherited_)
        : id(std::move(id_)),
          settings(std::move(settings_)),
          specialisms(std::move(specialisms_)),
          inherited(std::move(inherited_)) {}
  };

  detail::host_link link_;
  std::shared_ptr<const about> tenant_;
};

/// What a call carries besides its request. A value; cancelled() is good until the task has ended.
class call_context {
 public:
  call_context() = default;

  /// Copies what call() lends.
  explicit call_context(const tenon_call& lent, const detail::activity* running = nullptr)
      : tenant_(detail::from_abi(lent.tenant)),
        account_id_(detail::from_abi(lent.account_id)),
        principal_(detail::from_abi(lent.principal)),
        trace_id_(detail::from_abi(lent.trace_id)),
        idempotency_key_(detail::from_abi(lent.idempotency_key)),
        deadline_ns_(lent.deadline_ns),
        resume_(detail::from_abi(lent.resume)),
        attempt_(lent.attempt),
        recovering_((lent.flags & TENON_CALL_RECOVERING) != 0),
        last_((lent.flags & TENON_CALL_LAST) != 0),
        running_(running) {}

  const std::string& tenant() const noexcept { return tenant_; }
  const std::string& account_id() const noexcept { return account_id_; }
  const std::string& principal() const noexcept { return principal_; }              ///< may be empty
  const std::string& trace_id() const noexcept { return trace_id_; }                ///< may be empty
  const std::string& idempotency_key() const noexcept { return idempotency_key_; }  ///< may be empty

  /// An earlier attempt under the same idempotency key has an unknown outcome: look the object up by its marker first.
  bool recovering() const noexcept { return recovering_; }

  /// What the task said when it was submitted (sdk::submitted), when the host goes on with it; empty: a buyer asks.
  const std::string& resume() const noexcept { return resume_; }
  std::uint32_t attempt() const noexcept { return attempt_; }  ///< how often it was gone on with before
  bool last() const noexcept { return last_; }  ///< the host gives it up after this: undo what cannot be finished

  /// On the clock of time().steady(). The host answers the caller itself when it passes.
  std::optional<std::chrono::steady_clock::time_point> deadline() const noexcept {
    if (deadline_ns_ == 0) return std::nullopt;
    return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(deadline_ns_));
  }

  /// The answer is no longer wanted. Every await throws sdk::cancelled then; only long computations need to ask.
  bool cancelled() const noexcept { return running_ != nullptr && running_->cancelled(); }

 private:
  std::string tenant_;
  std::string account_id_;
  std::string principal_;
  std::string trace_id_;
  std::string idempotency_key_;
  std::uint64_t deadline_ns_ = 0;
  std::string resume_;
  std::uint32_t attempt_ = 0;
  bool recovering_ = false;
  bool last_ = false;
  const detail::activity* running_ = nullptr;
};

}  // namespace tenon::sdk
