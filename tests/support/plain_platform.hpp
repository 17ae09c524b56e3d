#pragma once

#include "thread_name.hpp"

#include <tenon/platform.hpp>

#include <algorithm>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace tenon::testing {

/// A plain C++ platform with the five core sales tasks (or others), which answers with its tag, the task and its
/// thread.
class plain_platform : public platform {
 public:
  explicit plain_platform(std::string tag, std::vector<std::string> tasks = core_sales_tasks())
      : tag_(std::move(tag)), tasks_(std::move(tasks)) {}

  static std::vector<std::string> core_sales_tasks() {
    return {"get_products", "create_media_buy", "update_media_buy", "sync_creatives", "get_media_buy_delivery"};
  }

  bool implements(std::string_view task) const noexcept override {
    return std::ranges::find(tasks_, task) != tasks_.end();
  }

  void start(call_request request, reply_handler done) override {
    {
      const std::lock_guard lock(mutex_);
      calls_.push_back(request);
    }
    done(reply{"{\"served_by\":\"" + tag_ + "\",\"task\":\"" + request.task + "\",\"thread\":\"" + this_thread_name() +
               "\"}"});
  }

  std::vector<call_request> calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
  }

 private:
  const std::string tag_;
  const std::vector<std::string> tasks_;
  mutable std::mutex mutex_;
  std::vector<call_request> calls_;
};

/// The same, holding its thread during a call.
class blocking_platform final : public plain_platform {
 public:
  using plain_platform::plain_platform;
  bool blocks(std::string_view) const noexcept override { return true; }
};

/// A platform that is one function.
class function_platform final : public platform {
 public:
  using function = std::function<void(call_request, reply_handler)>;
  explicit function_platform(function on_start, bool blocking = false)
      : on_start_(std::move(on_start)), blocking_(blocking) {}

  bool implements(std::string_view) const noexcept override { return true; }
  bool blocks(std::string_view) const noexcept override { return blocking_; }
  void start(call_request request, reply_handler done) override { on_start_(std::move(request), std::move(done)); }

 private:
  const function on_start_;
  const bool blocking_;
};

/// The text of a member in a plain platform's answer.
inline std::string member_of(const reply& answer, const std::string& name) {
  const auto before = '"' + name + "\":\"";
  const auto from = answer.body.find(before) + before.size();
  return answer.body.substr(from, answer.body.find('"', from) - from);
}

/// The tag in a plain platform's answer.
inline std::string tag_of(const reply& answer) { return member_of(answer, "served_by"); }

}  // namespace tenon::testing
