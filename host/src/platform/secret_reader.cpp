#include "platform/secret_reader.hpp"

#include <openssl/crypto.h>
#include <boost/json/memory_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <functional>
#include <new>
#include <utility>

namespace tenon {
namespace {

constexpr std::size_t shortest_whole = 8;
constexpr std::size_t shortest_member = 16;

bool is_name(std::string_view text) { return text.find("://") != text.npos || text.find('@') != text.npos; }

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  const auto first = text.find_first_not_of(space);
  return first == text.npos ? std::string_view() : text.substr(first, text.find_last_not_of(space) - first + 1);
}

std::string escaped_for_json(std::string_view text) {
  const auto quoted = boost::json::serialize(boost::json::string_view(text));
  return quoted.substr(1, quoted.size() - 2);
}

std::string escaped_for_url(std::string_view text) {
  constexpr std::string_view plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string made;
  for (const char each : text) {
    const auto byte = static_cast<unsigned char>(each);
    if (plain.find(each) != plain.npos)
      made += each;
    else
      made.append({'%', digits[byte >> 4], digits[byte & 15]});
  }
  return made;
}

}  // namespace

secret_texts::secret_texts(std::map<std::string, std::string> by_name, std::string print) : print_(std::move(print)) {
  by_name_.merge(by_name);
}

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
    const auto shown = trimmed(text);
    boost::json::error_code failed;
    if (shown.starts_with('{') || shown.starts_with('[')) {
      auto value = boost::json::parse(text, failed, boost::json::storage_ptr(memory_.get()));
      // A text that only looks like JSON stays readable as a whole.
      if (!failed) {
        hide_strings(name, value);
        parsed_.emplace(name, std::move(value));
      }
    }
    if (shown.size() >= shortest_whole) hide(name, shown);
  }
  std::ranges::sort(hidden_, std::greater(), [](const quotable& each) { return each.text.size(); });
}

secret_reader::~secret_reader() {
  for (auto& each : hidden_) OPENSSL_cleanse(each.text.data(), each.text.capacity());
}

void secret_reader::hide_strings(const std::string& name, const boost::json::value& value) {
  if (const auto* text = value.if_string()) {
    const std::string_view shown(text->data(), text->size());
    if (shown.size() >= shortest_member && !is_name(shown)) hide(name, shown);
  } else if (const auto* members = value.if_object()) {
    for (const auto& member : *members) hide_strings(name, member.value());
  } else if (const auto* elements = value.if_array()) {
    for (const auto& element : *elements) hide_strings(name, element);
  }
}

void secret_reader::hide(const std::string& name, std::string_view text) {
  std::vector<std::string> forms;
  forms.emplace_back(text);
  for (auto&& form : {escaped_for_json(text), escaped_for_url(text)}) {
    if (std::ranges::find(forms, form) == forms.end()) forms.push_back(form);
  }
  for (auto& form : forms) hidden_.push_back({std::move(form), "[secret " + name + "]"});
}

std::string secret_reader::without_secrets(std::string_view text) const {
  std::string made(text);
  for (const auto& each : hidden_) {
    for (auto at = made.find(each.text); at != made.npos; at = made.find(each.text, at + each.instead.size()))
      made.replace(at, each.text.size(), each.instead);
  }
  return made;
}

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
