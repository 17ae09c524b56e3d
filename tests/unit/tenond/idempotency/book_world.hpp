#pragma once

#include "idempotency/idempotency_book.hpp"
#include "manual_clock.hpp"
#include "state_directory.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace tenon::testing {

/// What a call is told, as a word, and the attempt if it goes.
struct told {
  std::string word;  ///< "go", "recovering", "conflict", "in flight", "full", "error <code>" or "replay <answer>"
  std::optional<tenond::idempotency_attempt> attempt = {};
};

/// A book in a real file, under a clock that is turned by hand.
class book_world {
 public:
  explicit book_world(tenond::idempotency_limits limits = {}) : limits_(limits) { open(); }

  std::filesystem::path file() const { return at_.root() / "idempotency.sqlite"; }
  const std::filesystem::path& directory() const { return at_.root(); }
  manual_clock& time() { return time_; }
  tenond::idempotency_book& book() { return *book_; }

  result<std::shared_ptr<tenond::idempotency_book>> another() const {
    return tenond::idempotency_book::open(file(), time_, limits_);
  }
  void close() { book_.reset(); }
  void open() {
    auto found = another();
    if (!found) FAIL(found.error().operator_detail);
    book_ = std::move(*found);
  }
  /// As after the end of the process.
  void reopen() {
    close();
    open();
  }

  told begin(const tenond::idempotency_scope& scope, std::string_view task = "create_media_buy",
             std::string_view hash = "hash") {
    auto found = book_->begin(scope, task, hash);
    if (!found) return {.word = "error " + found.error().code};
    if (auto* go = std::get_if<tenond::idempotency_go>(&*found))
      return {.word = go->recovering ? "recovering" : "go", .attempt = std::move(go->attempt)};
    if (auto* replay = std::get_if<tenond::idempotency_replay>(&*found)) return {.word = "replay " + replay->answer};
    if (std::holds_alternative<tenond::idempotency_conflict>(*found)) return {.word = "conflict"};
    if (std::holds_alternative<tenond::idempotency_in_flight>(*found)) return {.word = "in flight"};
    return {.word = "full"};
  }
  told begin(std::string key) { return begin({.tenant = "acme", .principal = "buyer", .key = std::move(key)}); }

  /// A whole call.
  void answer(const std::string& key, std::string_view text = "answer") {
    auto call = begin(key);
    REQUIRE(call.attempt);
    REQUIRE(call.attempt->complete(text).has_value());
  }

 private:
  const state_directory at_;
  const tenond::idempotency_limits limits_;
  manual_clock time_;
  std::shared_ptr<tenond::idempotency_book> book_;
};

}  // namespace tenon::testing
