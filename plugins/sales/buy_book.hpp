#pragma once

#include "awaited.hpp"
#include "delivery.hpp"
#include "retry.hpp"

#include <tenon/sdk/error.hpp>
#include <tenon/sdk/task.hpp>

namespace tenon::sales {

/// Which media buys a request of get_media_buys or get_media_buy_delivery is about: those it names, else all; of those,
/// the ones in the statuses it asks for, and the active ones if it asks for nothing.
class buy_filter {
 public:
  explicit buy_filter(json::object const& request);

  bool names_buys() const { return named_; }
  std::vector<std::string> const& ids() const { return ids_; }
  bool matches(buy_state const& state) const;

 private:
  bool named_;
  std::vector<std::string> ids_;
  std::vector<std::string> statuses_;
};

/// The answer of get_media_buys: a page of the entries, and the errors of the ids that are none.
json::object buys_answer(json::object const& request, json::array entries, json::array errors);

/// The error of a named media buy that is not there; throws any other again.
json::object missing_buy(sdk::error const& fault);

/// A book is what an adapter knows media buys by. It has load(id, buyer, deadline), a task of something with a
/// buy_state `state`, which throws no_such_buy() unless the buy is there for this buyer; and all_ids(buyer, deadline),
/// a task of the ids of those that are, the newest last.
template <class Book>
sdk::task<std::vector<std::string>> ids_of(Book* book, buy_filter wanted, std::string buyer, deadline until) {
  if (wanted.names_buys()) {
    co_return wanted.ids();
  }
  co_return co_await book->all_ids(std::move(buyer), until);
}

/// The answer of get_media_buys. Borrowed: the book outlives the task, as does what says which creatives are awaited
/// (null: none ever is).
template <class Book>
sdk::task<json::object> list_buys(Book* book, awaited_creatives* awaited, json::object request, std::string buyer,
                                  deadline until) {
  buy_filter const wanted(request);
  // First what takes a turn of the account's: calls come to it in the order in which they were made.
  auto const ids = co_await ids_of(book, wanted, buyer, until);
  std::vector<awaited_creative> waiting;
  if (awaited != nullptr && !ids.empty()) {
    waiting = co_await awaited->of_buyer(buyer);
  }
  json::array entries;
  json::array errors;
  for (auto const& id : ids) {
    try {
      auto booked = co_await book->load(id, buyer, until);
      if (wanted.matches(booked.state)) {
        mark_awaited(booked.state, waiting);
        entries.push_back(listed_entry(booked.state));
      }
    } catch (sdk::error const& fault) {
      errors.push_back(missing_buy(fault));
    }
  }
  co_return buys_answer(request, std::move(entries), std::move(errors));
}

/// The answer of get_media_buy_delivery. Reports have measure(what the book loads, period, deadline), a task of
/// buy_delivery, and now(). Borrowed: both outlive the task.
template <class Book, class Reports>
sdk::task<json::object> report_delivery(Book* book, Reports* reports, json::object request, std::string buyer,
                                        deadline until) {
  buy_filter const wanted(request);
  auto const ids = co_await ids_of(book, wanted, buyer, until);
  std::vector<typename Book::booked_buy> chosen;
  auto earliest = reports->now();
  for (auto const& id : ids) {
    auto booked = co_await book->load(id, buyer, until);
    if (wanted.matches(booked.state)) {
      earliest = std::min(earliest, booked.state.start());
      chosen.push_back(std::move(booked));
    }
  }
  auto const period = read_period(request, earliest, reports->now());
  std::vector<buy_delivery> measured;
  for (auto& booked : chosen) {
    auto one = co_await reports->measure(std::move(booked), period, until);
    measured.push_back(std::move(one));
  }
  auto const daily = flag_at(request, "include_package_daily_breakdown").value_or(false);
  co_return delivery_answer(measured, period, daily, "USD");
}

}  // namespace tenon::sales
