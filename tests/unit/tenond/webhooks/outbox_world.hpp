#pragma once

#include "webhooks/webhook_outbox.hpp"

#include "manual_clock.hpp"
#include "print_result.hpp"
#include "state_directory.hpp"

#include <boost/json/parse.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace tenon::testing {

/// An outbox in a real file, under a clock that is turned by hand, with events of few words.
class outbox_world {
 public:
  explicit outbox_world(tenond::webhook_limits limits = {}) : limits_(limits) { open(); }

  std::filesystem::path file() const { return at_.root() / "webhooks.sqlite"; }
  manual_clock& time() { return time_; }
  wall_time now() const { return time_.wall_now(); }
  const std::shared_ptr<tenond::webhook_outbox>& outbox() const { return outbox_; }

  result<std::shared_ptr<tenond::webhook_outbox>> another() const {
    return tenond::webhook_outbox::open(file(), time_, limits_);
  }
  void close() { outbox_.reset(); }
  void open() {
    auto found = another();
    if (!found) FAIL(found.error().operator_detail);
    outbox_ = std::move(*found);
  }
  /// As after the end of the process.
  void reopen() {
    close();
    open();
  }

  static tenond::webhook_target target(const std::string& host = "a.example") {
    return {.url = "https://" + host + "/hook",
            .host = host,
            .operation_id = "op_1",
            .token = "token-0123456789",
            .scheme = tenond::webhook_scheme::bearer,
            .credentials = "credentials-of-thirty-two-letters"};
  }
  static tenond::webhook_subject subject(std::string name, std::string principal = "buyer") {
    return {
        .tenant = "acme", .principal = std::move(principal), .task_type = "create_media_buy", .name = std::move(name)};
  }

  result<void> add(const std::string& name, const std::string& host = "a.example",
                   const std::string& principal = "buyer") {
    return outbox_->add(target(host), subject(name, principal), {.status = "completed", .result = R"({"at":1})"});
  }
  result<void> await_task(const std::string& id) {
    auto what = subject({});
    what.task_id = id;
    return outbox_->await_task(target(), what);
  }

  /// All that is due, one of a host.
  std::vector<tenond::outgoing_webhook> due(std::uint32_t limit = 100) {
    auto found = outbox_->take(now(), limit, [](const tenond::due_webhook&) { return true; });
    REQUIRE(found.has_value());
    return std::move(*found);
  }
  /// The one that is due.
  tenond::outgoing_webhook only() {
    auto all = due();
    REQUIRE(all.size() == 1);
    return std::move(all.front());
  }

 private:
  const state_directory at_;
  const tenond::webhook_limits limits_;
  manual_clock time_;
  std::shared_ptr<tenond::webhook_outbox> outbox_;
};

/// A member of a body.
inline std::string member(const std::string& body, std::string_view name) {
  const auto whole = boost::json::parse(body);
  const auto* const found = whole.as_object().if_contains(name);
  return found == nullptr ? "" : std::string(found->as_string());
}

}  // namespace tenon::testing
