#pragma once

#include <spdlog/sinks/base_sink.h>

#include <mutex>
#include <string>

namespace tenon::testing {

/// What a logger has written, to be read while other threads go on logging.
class log_text final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  std::string read() {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    text_.append(line.data(), line.size());
  }
  void flush_() override {}

 private:
  std::string text_;
};

}  // namespace tenon::testing
