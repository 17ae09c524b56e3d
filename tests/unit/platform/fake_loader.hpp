#pragma once

#include "plugin/library.hpp"
#include "scripted_plugin.hpp"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace tenon::testing {

/// A loader of one library that is part of the test: a thread, a queue, and a note of what was stranded and closed.
class fake_loader final : public loader {
 public:
  explicit fake_loader(const tenon_plugin& entry) : entry_(entry), thread_([this] { run(); }) {}
  ~fake_loader() override { stop(); }

  /// What the next loads answer instead of a library.
  void refuse_with(error why) {
    const std::lock_guard lock(mutex_);
    refusal_ = std::move(why);
  }
  /// Loads wait until release() or the end.
  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void release() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }

  using loader::load;
  void load(std::shared_ptr<const plugin_image> image, std::string, library_handler done) override {
    post([this, image = std::move(image), done = std::move(done)]() mutable {
      if (refusal_) return done(*refusal_);
      ++open_;
      done(std::shared_ptr<library>(std::make_shared<fake_library>(*this, std::move(image))));
    });
  }

  /// As if its thread had ended: no work is taken any more.
  void end() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }

  bool post(unique_function<void()> work) override {
    const std::lock_guard lock(mutex_);
    if (ended_) return false;
    work_.push_back(std::move(work));
    changed_.notify_all();
    return true;
  }

  void strand(std::shared_ptr<library> stuck, std::string reason) override {
    const std::lock_guard lock(mutex_);
    stranded_.push_back(std::move(stuck));
    reasons_.push_back(std::move(reason));
    changed_.notify_all();
  }

  std::vector<library_status> status() const override { return {}; }
  std::uint64_t closed() const noexcept override { return closed_.load(); }
  load_timing last_timing() const noexcept override { return {}; }
  bool any_stranded() const override { return !stranded().empty(); }
  void request_stop(unique_function<void()> ended) override { post(std::move(ended)); }

  std::vector<library_status> stop() override {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      held_ = false;
      changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
    return {};
  }

  int open() const noexcept { return open_.load(); }
  std::thread::id thread() const noexcept { return thread_.get_id(); }
  std::vector<std::string> stranded() const {
    const std::lock_guard lock(mutex_);
    return reasons_;
  }
  /// Waits for a zombie.
  bool strands_one() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), [this] { return !reasons_.empty(); });
  }
  void forget_stranded() {
    const std::lock_guard lock(mutex_);
    stranded_.clear();
  }

 private:
  class fake_library final : public library {
   public:
    fake_library(fake_loader& owner, std::shared_ptr<const plugin_image> image)
        : owner_(owner), image_(std::move(image)) {}
    ~fake_library() override {
      --owner_.open_;
      ++owner_.closed_;
    }
    const plugin_image& image() const noexcept override { return *image_; }
    const tenon_plugin& entry() const noexcept override { return owner_.entry_; }
    plugin_interfaces interfaces() const noexcept override {
      const auto* const plugin = script::current;
      return {.health = plugin && plugin->on_check ? &scripted_health : nullptr,
              .handover = plugin && plugin->on_give ? &scripted_handover : nullptr};
    }

   private:
    fake_loader& owner_;
    const std::shared_ptr<const plugin_image> image_;
  };

  void run() {
    for (;;) {
      unique_function<void()> next;
      {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return stopping_ || (!held_ && !work_.empty()); });
        if (work_.empty()) return;
        next = std::move(work_.front());
        work_.pop_front();
      }
      next();
    }
  }

  const tenon_plugin& entry_;
  std::optional<error> refusal_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<unique_function<void()>> work_;
  std::vector<std::shared_ptr<library>> stranded_;
  std::vector<std::string> reasons_;
  std::atomic<int> open_{0};
  std::atomic<std::uint64_t> closed_{0};
  bool held_ = false;
  bool stopping_ = false;
  bool ended_ = false;
  std::thread thread_;
};

}  // namespace tenon::testing
