#pragma once

#include <tenon/sdk/testing/fake_host.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace tenon::test {

/// An ad server made of answers written down by a test, for a plugin below the SDK's fake host.
///
/// A request is known by "METHOD /path", without origin and query. Answers given with once() come first, in their
/// order; then the one given with always(). A request that nobody expected gets 599, which no code treats as success.
class scripted_upstream {
 public:
  using answer = sdk::testing::scripted_answer;
  using request = sdk::testing::seen_request;

  scripted_upstream& once(std::string what, answer with) {
    queued_[std::move(what)].push_back(std::move(with));
    return *this;
  }
  scripted_upstream& once(std::string what, sdk::json::value const& body) {
    return once(std::move(what), answer(200, sdk::json::serialize(body)));
  }
  scripted_upstream& always(std::string what, answer with) {
    standing_.insert_or_assign(std::move(what), std::move(with));
    return *this;
  }
  scripted_upstream& always(std::string what, sdk::json::value const& body) {
    return always(std::move(what), answer(200, sdk::json::serialize(body)));
  }

  answer operator()(request const& asked) {
    auto const what = name_of(asked);
    seen_.push_back(what);
    requests_.push_back(asked);
    if (auto const queue = queued_.find(what); queue != queued_.end() && !queue->second.empty()) {
      auto next = std::move(queue->second.front());
      queue->second.pop_front();
      return next;
    }
    auto const standing = standing_.find(what);
    return standing == standing_.end() ? answer(599, "nobody expected " + what) : standing->second;
  }

  /// What was asked for since the last forget(), in order.
  std::vector<std::string> const& seen() const { return seen_; }
  void forget() {
    seen_.clear();
    requests_.clear();
  }

  std::size_t count(std::string const& what) const {
    return static_cast<std::size_t>(std::count(seen_.begin(), seen_.end(), what));
  }

  /// The last request of that name; fails the test by throwing if there is none.
  request const& last(std::string const& what) const {
    for (auto i = seen_.size(); i > 0; --i) {
      if (seen_[i - 1] == what) {
        return requests_[i - 1];
      }
    }
    throw std::logic_error("nobody asked for " + what);
  }
  std::vector<request> requests_of(std::string const& what) const {
    std::vector<request> found;
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      if (seen_[i] == what) {
        found.push_back(requests_[i]);
      }
    }
    return found;
  }
  sdk::json::object body_of(std::string const& what) const { return sdk::json::parse(last(what).body()).as_object(); }

 private:
  static std::string name_of(request const& asked) {
    auto const& url = asked.url();
    auto const path = url.find('/', url.find("//") + 2);
    return asked.method() + " " + url.substr(path, url.find('?') - path);
  }

  std::map<std::string, std::deque<answer>> queued_;
  std::map<std::string, answer> standing_;
  std::vector<std::string> seen_;
  std::vector<request> requests_;
};

}  // namespace tenon::test
