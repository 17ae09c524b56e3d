#pragma once

#include <tenon/abi/host.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon::sdk::testing {

/// store/1 in memory, for hosts that are none: the same rules and limits, without the disk.
class memory_store {
 public:
  struct value {
    std::string text;
    std::uint64_t version = 0;
  };

  /// What a completion is given; borrowed until this is destroyed.
  class outcome {
   public:
    explicit outcome(tenon_status status) noexcept : status_(status) {}
    void add(std::string key, std::string text, std::uint64_t version) {
      held_.emplace_back(std::move(key), value{std::move(text), version});
    }
    void deliver(tenon_status status, tenon_store_fn done, void* user, tenon_op op) const {
      std::vector<tenon_store_entry> entries;
      for (const auto& [key, at] : held_) {
        entries.push_back({{key.data(), key.size()}, {at.text.data(), at.text.size()}, at.version});
      }
      tenon_store_result result{};
      result.struct_size = sizeof result;
      result.status = status == TENON_OK ? status_ : status;
      if (status == TENON_OK) {
        result.entries = entries.data();
        result.entry_count = entries.size();
      }
      done(user, op, &result);
    }

   private:
    tenon_status status_;
    std::vector<std::pair<std::string, value>> held_;
  };

  static bool is_key(tenon_str key) noexcept {
    return key.ptr != nullptr && key.len > 0 && key.len <= TENON_STORE_KEY_BYTES;
  }

  outcome get(tenon_str key) const {
    outcome found(TENON_OK);
    const auto at = entries_.find(view(key));
    if (at != entries_.end()) found.add(at->first, at->second.text, at->second.version);
    return found;
  }

  outcome list(tenon_str prefix, tenon_str after, std::uint32_t limit) const {
    outcome found(TENON_OK);
    const std::string_view with = view(prefix);
    const std::string_view behind = view(after);
    const std::uint32_t most = limit == 0 || limit > TENON_STORE_ENTRIES ? TENON_STORE_ENTRIES : limit;
    std::uint32_t count = 0;
    for (auto at = entries_.lower_bound(with); at != entries_.end() && count < most; ++at) {
      if (!at->first.starts_with(with)) break;
      if (!behind.empty() && at->first <= behind) continue;
      found.add(at->first, at->second.text, at->second.version);
      ++count;
    }
    return found;
  }

  /// False: the plugin broke a rule.
  static bool valid(const tenon_store_write* writes, std::uint64_t count) {
    if (writes == nullptr || count == 0 || count > TENON_STORE_WRITES) return false;
    std::map<std::string_view, int> keys;
    for (std::uint64_t at = 0; at < count; ++at) {
      const tenon_store_write& each = writes[at];
      if (!is_key(each.key) || each.value.len > TENON_STORE_VALUE_BYTES) return false;
      if (each.what != TENON_STORE_PUT && each.what != TENON_STORE_ERASE) return false;
      if (each.reserved != 0 || (each.what == TENON_STORE_ERASE && each.value.len != 0)) return false;
      if (++keys[view(each.key)] > 1) return false;
    }
    return true;
  }

  outcome write(const tenon_store_write* writes, std::uint64_t count) {
    for (std::uint64_t at = 0; at < count; ++at) {
      const tenon_store_write& each = writes[at];
      const auto known = entries_.find(view(each.key));
      const std::uint64_t version = known == entries_.end() ? 0 : known->second.version;
      if (each.expected == TENON_STORE_ANY_VERSION || each.expected == version) continue;
      outcome conflict(TENON_E_CONFLICT);
      conflict.add(std::string(view(each.key)), known == entries_.end() ? std::string() : known->second.text, version);
      return conflict;
    }
    outcome written(TENON_OK);
    ++version_;
    for (std::uint64_t at = 0; at < count; ++at) {
      const tenon_store_write& each = writes[at];
      const bool puts = each.what == TENON_STORE_PUT;
      std::string key(view(each.key));
      written.add(key, {}, puts ? version_ : 0);
      if (puts) {
        entries_.insert_or_assign(std::move(key), value{std::string(view(each.value)), version_});
      } else {
        entries_.erase(key);
      }
    }
    return written;
  }

  /// What is kept, for a test to look at.
  const std::map<std::string, value, std::less<>>& entries() const noexcept { return entries_; }

 private:
  static std::string_view view(tenon_str text) noexcept {
    return text.len == 0 ? std::string_view() : std::string_view(text.ptr, static_cast<std::size_t>(text.len));
  }

  std::map<std::string, value, std::less<>> entries_;
  std::uint64_t version_ = 0;
};

}  // namespace tenon::sdk::testing
