#pragma once

#include "base/work_scheduler.hpp"
#include "platform/http_client.hpp"
#include "webhooks/webhook_outbox.hpp"
#include "webhooks/webhook_retry.hpp"
#include "webhooks/webhook_signature.hpp"

#include <tenon/clock.hpp>
#include <tenon/unique_function.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace tenon::tenond {

/// By what webhooks are sent: one client for each reach, as what a client keeps open it would use for both.
struct webhook_clients {
  std::shared_ptr<http_client> outside;
  std::shared_ptr<http_client> loopback_too;

  /// Clients that connect to no address but those of may_reach(). `ca_file` as http_client_options has it.
  ///
  /// Give them a context of their own: names are looked up one after the other on a thread of the context, and a
  /// buyer's name may take its time.
  ///
  /// Errors      Those of make_http_client().
  static result<webhook_clients> make(boost::asio::any_io_executor executor, const std::string& ca_file);
};

struct sending_rules {
  retry_rules retry = {};
  std::uint32_t at_once = 8;                  ///< of all; of a target's host one
  std::uint32_t at_once_of_one = 2;           ///< of one principal of a tenant
  std::chrono::milliseconds timeout{10'000};  ///< of a try, from the look-up of the name to the end of the answer
  std::shared_ptr<const webhook_signer> signer = {};  ///< of those without authentication, at every try; null: unsigned
};

/// Sends what is in an outbox, and again until it was delivered or is given up.
///
/// At least once: a receiver whose answer was lost, and whoever is sent to when the process ends, is sent the same
/// bytes with the same idempotency key again. Events of one host go in the order in which they are due, one at a time.
/// A host that answers slowly holds one place, a principal a few, and others the rest.
///
/// Lifetime    Keeps itself alive while anything is open. Clock and scheduler outlive it. Call stop() before it goes.
/// Threads     Any. The scheduler's work waits for the disk, so it is to be one that may.
/// Errors      What the outbox cannot do is told to `report` and tried again after some seconds; nothing is sent twice
///             for that in this process.
class webhook_sender : public std::enable_shared_from_this<webhook_sender> {
 public:
  /// Told, on the scheduler, what an operator should know; no text has a secret, a path or a receiver's words in it.
  using reporter = std::function<void(const std::string& trouble)>;
  /// Uniform in [0, 1).
  using randomness = std::function<double()>;

  static std::shared_ptr<webhook_sender> make(std::shared_ptr<webhook_outbox> outbox, webhook_clients clients,
                                              work_scheduler& disk, const clock& time, reporter report,
                                              sending_rules rules = {}, randomness random = {});

  /// Begins with what is in the outbox. Once.
  void start() { wake(); }

  /// There is something new in the outbox. Never waits.
  void wake();

  /// Begins no more. What is being sent may end within `grace`, then it is cut off and stays in the outbox, as does
  /// all that was not sent. `done` on the scheduler when nothing is open. Once.
  void stop(std::chrono::milliseconds grace, unique_function<void()> done);

 private:
  using owner = std::pair<std::string, std::string>;  // tenant and principal
  struct flight {
    std::string host;
    owner whose;
    std::string about;    ///< for reports
    std::uint32_t tries;  ///< this one included
    wall_time since;
    std::optional<webhook_verdict> ended = {};  ///< and not yet written
  };

  webhook_sender(std::shared_ptr<webhook_outbox> outbox, webhook_clients clients, work_scheduler& disk,
                 const clock& time, reporter report, sending_rules rules, randomness random);

  void pump();
  bool write_ended();
  result<void> write(std::int64_t id, const webhook_verdict& verdict);
  std::vector<outgoing_webhook> take();
  void enter(const outgoing_webhook& one);
  void send(outgoing_webhook what);
  void refuse(std::int64_t id, std::string why);
  void finish(std::int64_t id, const http_result& outcome);
  void land(std::map<std::int64_t, flight>::iterator which);
  void sleep(wall_time now);
  void tend();
  void wake_after(std::chrono::nanoseconds delay);
  void trouble_with(const error& found);

  const std::shared_ptr<webhook_outbox> outbox_;
  const webhook_clients clients_;
  work_scheduler& disk_;
  const clock& time_;
  const reporter report_;
  const sending_rules rules_;
  const randomness random_;
  std::stop_source closing_;
  std::atomic<bool> woken_ = false;

  /// Taken before the outbox's. Held while the disk is waited for, so only on the scheduler; nothing is sent or told
  /// under it.
  std::mutex mutex_;
  std::map<std::int64_t, flight> flights_;
  std::set<std::string> hosts_;            ///< of flights
  std::map<owner, std::uint32_t> owners_;  ///< of flights
  std::vector<std::string> untold_;        ///< for the reporter
  std::shared_ptr<void> timer_;
  std::shared_ptr<void> grace_;
  std::optional<steady_time> tended_;
  bool stopping_ = false;
  unique_function<void()> stopped_;
};

}  // namespace tenon::tenond
