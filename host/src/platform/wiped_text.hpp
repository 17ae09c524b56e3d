#pragma once

#include <string>
#include <utility>

namespace tenon {

/// A text that is wiped when it goes: it may hold a credential.
class wiped_text {
 public:
  explicit wiped_text(std::string text) : text_(std::move(text)) {}
  wiped_text(const wiped_text&) = delete;
  wiped_text& operator=(const wiped_text&) = delete;
  ~wiped_text();

  const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

}  // namespace tenon
