#include "platform/secret_reader.hpp"

#include <openssl/crypto.h>
#include <boost/json/memory_resource.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <new>
#include <utility>

namespace tenon {

secret_texts::secret_texts(std::map<std::string, std::string> by_name) { by_name_.merge(by_name); }

secret_texts::~secret_texts() {
  for (auto& [name, text] : by_name_) OPENSSL_cleanse(text.data(), text.capacity());
}

const std::string* secret_texts::find(std::string_view name) const noexcept {
  const auto at = by_name_.find(name);
  return at == by_name_.end() ? nullptr : &at->second;
}

/// Memory for parsed secrets: what is given back is wiped first.
class secret_reader::wiping_memory final : public boost::json::memory_resource {
 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    return ::operator new(bytes, std::align_val_t(alignment));
  }
  void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override {
    OPENSSL_cleanse(memory, bytes);
    ::operator delete(memory, bytes, std::align_val_t(alignment));
  }
  bool do_is_equal(const boost::json::memory_resource& other) const noexcept override { return this == &other; }
};

secret_reader::secret_reader(std::shared_ptr<const secret_texts> texts, readable_map readable)
    : texts_(std::move(texts)), readable_(std::move(readable)), memory_(std::make_unique<wiping_memory>()) {
  if (!texts_) return;
  for (const auto& [name, text] : texts_->by_name()) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string::npos || (text[first] != '{' && text[first] != '[')) continue;
    boost::json::error_code failed;
    auto value = boost::json::parse(text, failed, boost::json::storage_ptr(memory_.get()));
    // A text that only looks like JSON stays readable as a whole.
    if (!failed) parsed_.emplace(name, std::move(value));
  }
}

secret_reader::~secret_reader() = default;

bool secret_reader::exists(std::string_view name) const noexcept { return texts_ && texts_->find(name) != nullptr; }

std::optional<std::string_view> secret_reader::find(std::string_view name, std::string_view pointer) const {
  if (!exists(name)) return std::nullopt;
  if (pointer.empty()) return std::string_view(*texts_->find(name));
  const auto at = parsed_.find(name);
  if (at == parsed_.end()) return std::nullopt;
  boost::json::error_code failed;
  const auto* value = at->second.find_pointer(pointer, failed);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string_view(value->get_string().data(), value->get_string().size());
}

bool secret_reader::readable(std::string_view name, std::string_view pointer) const noexcept {
  const auto at = readable_.find(name);
  return at != readable_.end() && std::ranges::find(at->second, pointer) != at->second.end();
}

}  // namespace tenon
