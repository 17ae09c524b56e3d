#pragma once

#include <spdlog/sinks/base_sink.h>

#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace tenon::testing {

/// What loggers write, to be read while other threads go on logging. The sinks share it, and outlive it if need be: the
/// last of them may go on a thread that ends after the test.
class log_text {
 public:
  std::shared_ptr<spdlog::sinks::sink> sink() const { return std::make_shared<writer>(written_); }

  std::string read() const {
    const std::lock_guard lock(written_->mutex);
    return written_->text;
  }

 private:
  struct shared_text {
    std::mutex mutex;
    std::string text;
  };

  class writer final : public spdlog::sinks::base_sink<std::mutex> {
   public:
    explicit writer(std::shared_ptr<shared_text> to) : to_(std::move(to)) {}

   protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
      spdlog::memory_buf_t line;
      formatter_->format(message, line);
      const std::lock_guard lock(to_->mutex);
      to_->text.append(line.data(), line.size());
    }
    void flush_() override {}

   private:
    const std::shared_ptr<shared_text> to_;
  };

  std::shared_ptr<shared_text> written_ = std::make_shared<shared_text>();
};

}  // namespace tenon::testing
