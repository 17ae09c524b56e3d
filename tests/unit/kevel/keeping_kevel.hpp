#pragma once

#include "kevel_world.hpp"
#include "telling_digest.hpp"

#include <boost/json/serialize.hpp>

namespace tenon::test {

/// A Kevel that keeps what it is told of one campaign with one flight, of creatives and of the flight's ads: campaign
/// 456, flight 7, creatives from 70 on. Shared by the worlds that come after each other.
class keeping_kevel {
 public:
  using answer = scripted_upstream::answer;
  using request = scripted_upstream::request;

  /// Answers in its place, once, to the next request of that name.
  void fail_next(std::string what, answer with) { failures_.emplace(std::move(what), std::move(with)); }

  /// Does what the next request of that name asks for, and says so that much later.
  void delay_next(std::string what, std::chrono::nanoseconds by) { delays_.emplace(std::move(what), by); }

  answer operator()(request const& asked) {
    auto const& url = asked.url();
    auto const path = url.find("/v1/") + 4;
    auto const what = asked.method() + " " + url.substr(path, url.find('?') - path);
    seen_.push_back(what);
    if (auto const known = failures_.find(what); known != failures_.end()) {
      auto with = std::move(known->second);
      failures_.erase(known);
      return with;
    }
    answer told(200, json::serialize(reply(what, asked)));
    if (auto const known = delays_.find(what); known != delays_.end()) {
      told.after(known->second);
      delays_.erase(known);
    }
    return told;
  }

  void add_creative(json::object made) {
    made["Id"] = 70 + creatives_.size();
    creatives_.push_back(std::move(made));
  }
  void cancel() {
    campaign_["IsActive"] = false;
    campaign_["IsArchived"] = true;
  }

  std::size_t count(std::string_view what) const {
    return static_cast<std::size_t>(std::count(seen_.begin(), seen_.end(), what));
  }
  void forget() { seen_.clear(); }

  json::array const& ads() const { return ads_; }
  json::object flight_record() const { return json::parse(flight_.at("CustomFieldsJson").as_string()).as_object(); }

  /// The share of the creative in the flight's ads; -1: it is not served.
  std::int64_t share_of(std::int64_t creative) const {
    for (auto const& each : ads_) {
      if (each.at("Creative").at("Id") == creative && each.at("IsActive") == true) {
        return each.as_object().contains("Percentage") ? each.at("Percentage").to_number<std::int64_t>() : 0;
      }
    }
    return -1;
  }

  static inline std::string const tie = "POST flight/7/creative";

 private:
  static json::object with_all(json::object whole, json::object const& told) {
    for (auto const& [key, value] : told) {
      whole[key] = value;
    }
    return whole;
  }
  json::object campaign() const { return with_all(kevel_world::campaign(false, true), campaign_); }
  json::object flight() const {
    auto whole = with_all(kevel_world::flight(), flight_);
    whole["CreativeMaps"] = ads_;
    return whole;
  }
  static json::object page(request const& asked, json::array items) {
    auto const first = asked.url().find("page=1&") != std::string::npos;
    return {{"items", first ? std::move(items) : json::array()}};
  }

  json::value reply(std::string const& what, request const& asked) {
    auto const body =
        asked.body().empty() || asked.body().front() != '{' ? json::object() : json::parse(asked.body()).as_object();
    if (what == "GET advertiser/123") {
      return json::object{{"Id", 123}, {"Title", "Acme"}};
    }
    if (what == "GET adtypes") {
      return page(asked, json::parse(R"([{"Id":5,"Width":300,"Height":250}])").as_array());
    }
    if (what == "GET advertiser/123/creatives") {
      return page(asked, creatives_);
    }
    if (what == "POST creative") {
      add_creative(body);
      return creatives_.back();
    }
    if (what == "POST campaign/search") {
      return json::object{{"items", campaign_.empty() ? json::array() : json::array{campaign()}}};
    }
    if (what == "GET campaign") {
      return page(asked, campaign_.empty() ? json::array() : json::array{campaign()});
    }
    if (what == "POST campaign" || what == "PUT campaign/456") {
      campaign_ = body;
    }
    if (what.ends_with(" campaign") || what.ends_with(" campaign/456")) {
      return campaign();
    }
    if (what == "GET campaign/456/flight") {
      return page(asked, flight_.empty() ? json::array() : json::array{flight()});
    }
    if (what == "POST flight" || what == "PUT flight/7") {
      flight_ = body;
    }
    if (what.ends_with(" flight") || what.ends_with(" flight/7")) {
      return flight();
    }
    if (what == "GET flight/7/creatives") {
      return page(asked, ads_);
    }
    if (what == tie) {
      auto made = body;
      made["Id"] = 900 + ads_.size();
      ads_.push_back(std::move(made));
      return ads_.back();
    }
    for (auto& each : ads_) {
      if (what == "PUT flight/7/creative/" + std::to_string(each.at("Id").to_number<std::int64_t>())) {
        each = body;
        return each;
      }
    }
    return json::object();
  }

  json::object campaign_;
  json::object flight_;
  json::array creatives_;
  json::array ads_;
  std::map<std::string, answer> failures_;
  std::map<std::string, std::chrono::nanoseconds> delays_;
  std::vector<std::string> seen_;
};

}  // namespace tenon::test
