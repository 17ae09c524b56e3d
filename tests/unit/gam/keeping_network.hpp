#pragma once

#include "gam_world.hpp"
#include "telling_digest.hpp"

#include <boost/json/serialize.hpp>

#include <functional>

namespace tenon::test {

/// A network that keeps what it is told of one order with one line item, of creatives and of which the line item
/// serves: order 3300, line item 8801, creatives from 70 on. Shared by the worlds that come after each other.
class keeping_network {
 public:
  using answer = scripted_upstream::answer;
  using request = scripted_upstream::request;

  /// Answers in place of the network, once, to the next request of that name.
  void fail_next(std::string what, answer with) { failures_.emplace(std::move(what), std::move(with)); }
  /// Done right before the network answers to the request of that name, once.
  void before_next(std::string what, std::function<void()> happens) {
    happenings_.emplace(std::move(what), std::move(happens));
  }

  answer operator()(request const& asked) {
    auto const& url = asked.url();
    auto const path = url.find("/v1/") + 4;
    auto const what = asked.method() + " " + url.substr(path, url.find('?') - path);
    seen_.push_back(what);
    if (auto const known = happenings_.find(what); known != happenings_.end()) {
      auto const happens = std::move(known->second);
      happenings_.erase(known);
      happens();
    }
    if (auto const known = failures_.find(what); known != failures_.end()) {
      auto with = std::move(known->second);
      failures_.erase(known);
      return with;
    }
    return answer(200, json::serialize(reply(what, asked)));
  }

  void add_creative(std::string const& id) {
    auto made = gam_creative(id);
    made["name"] = "networks/1/creatives/" + std::to_string(70 + creatives_.size());
    creatives_.push_back(std::move(made));
  }
  void cancel() { archived_ = true; }

  std::size_t count(std::string_view what) const {
    return static_cast<std::size_t>(std::count(seen_.begin(), seen_.end(), what));
  }
  std::size_t writes() const {
    return static_cast<std::size_t>(
        std::count_if(seen_.begin(), seen_.end(), [](auto const& each) { return !each.starts_with("GET "); }));
  }
  void forget() { seen_.clear(); }

  /// The creatives that the line item serves.
  std::vector<std::string> served() const {
    std::vector<std::string> names;
    for (auto const& each : associations_) {
      if (each.at("status") == "ACTIVE") {
        names.emplace_back(each.at("creative").as_string());
      }
    }
    return names;
  }
  json::array const& associations() const { return associations_; }
  json::object item_record() const { return json::parse(item_.at("notes").as_string()).as_object(); }

  int processes = 0;  ///< that have talked to it

  static inline std::string const tie = "POST networks/1/lineItems/8801/creatives:batchCreate";
  static inline std::string const approve = "POST networks/1/orders:batchApprove";
  static inline std::string const patch = "PATCH networks/1/lineItems/8801";

 private:
  static json::object gam_creative(std::string const& id) {
    auto made = json::parse(R"({"advertiser":"networks/1/companies/5","size":{"width":300,"height":250},
        "imageRedirectCreative":{"imageUrl":"https://cdn.example/b.png","destinationUrlType":"NONE","altText":""}})")
                    .as_object();
    made["displayName"] = id;
    return made;
  }

  json::object order() const {
    auto whole = gam_world::order(status_);
    whole["notes"] = notes_;
    whole["archived"] = archived_;
    return whole;
  }
  json::object item() const {
    auto whole = gam_world::line_item(served().empty() ? "INACTIVE" : "READY");
    for (auto const& [key, value] : item_) {
      whole[key] = value;
    }
    whole["archived"] = archived_;
    return whole;
  }

  // The creative that a filter asks for by its name; all of them without one.
  json::array listed(request const& asked) const {
    json::array found;
    auto const all = asked.url().find("displayName") == std::string::npos;
    for (auto const& each : creatives_) {
      auto const id = std::string(each.at("displayName").as_string());
      if (all || asked.url().find("%22" + id + "%22") != std::string::npos) {
        found.push_back(each);
      }
    }
    return found;
  }

  json::value reply(std::string const& what, request const& asked) {
    auto const body =
        asked.body().empty() || asked.body().front() != '{' ? json::object() : json::parse(asked.body()).as_object();
    if (what == "GET networks/1/creatives") {
      return json::object{{"creatives", listed(asked)}};
    }
    if (what == "POST networks/1/creatives") {
      add_creative(std::string(body.at("displayName").as_string()));
      return creatives_.back();
    }
    if (what == "GET networks/1/lineItems/8801/creatives") {
      return json::object{{"lineItemCreativeAssociations", associations_}};
    }
    if (what == tie) {
      for (auto const& each : body.at("requests").as_array()) {
        auto made = each.at("lineItemCreativeAssociation").as_object();
        made["name"] = "networks/1/lineItems/8801/creatives/" + std::to_string(associations_.size());
        made["status"] = "ACTIVE";
        associations_.push_back(std::move(made));
      }
    } else if (what == "POST networks/1/lineItems/8801/creatives:batchDeactivate") {
      for (auto& each : associations_) {
        each.as_object()["status"] = "INACTIVE";
      }
    } else if (what == "POST networks/1/orders:batchCreate") {
      status_ = "DRAFT";
      notes_ = body.at("requests").at(0).at("order").at("notes");
      return json::object{{"orders", json::array{order()}}};
    } else if (what == "POST networks/1/lineItems:batchCreate") {
      auto const& made = body.at("requests").at(0).at("lineItem").as_object();
      item_["notes"] = made.at("notes");
      item_["externalLineItemId"] = made.at("externalLineItemId");
      return json::object{{"lineItems", json::array{item()}}};
    } else if (what == patch) {
      for (auto const& [key, value] : body) {
        item_[key] = value;
      }
    } else if (what == "POST networks/1/orders:batchUpdate") {
      notes_ = body.at("requests").at(0).at("order").at("notes");
    } else if (what == approve) {
      status_ = "APPROVED";
    } else if (what == "POST networks/1/orders:batchArchive" || what == "POST networks/1/lineItems:batchArchive") {
      archived_ = true;
    } else if (what == "POST networks/1/orders:batchDelete") {
      status_ = "DELETED";
    } else if (what == "GET networks/1/orders") {
      return status_.empty() ? json::object() : json::object{{"orders", json::array{order()}}};
    } else if (what == "GET networks/1/orders/3300") {
      return order();
    } else if (what == "GET networks/1/lineItems") {
      return json::object{{"lineItems", item_.empty() ? json::array() : json::array{item()}}};
    } else if (what == "GET networks/1/lineItems/8801") {
      return item();
    } else if (asked.url().ends_with("/token")) {
      return json::parse(R"({"access_token":"t-1","expires_in":3600,"token_type":"Bearer"})");
    }
    return json::object();
  }

  std::string status_;
  json::value notes_;
  json::object item_;
  bool archived_ = false;
  json::array creatives_;
  json::array associations_;
  std::map<std::string, answer> failures_;
  std::map<std::string, std::function<void()>> happenings_;
  std::vector<std::string> seen_;
};

}  // namespace tenon::test
