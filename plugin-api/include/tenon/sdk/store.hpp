#pragma once

#include <tenon/sdk/detail/operation.hpp>

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon::sdk {

/// What the store has under a key.
class store_entry {
 public:
  store_entry(std::string key, std::string value, std::uint64_t version)
      : key_(std::move(key)), value_(std::move(value)), version_(version) {}

  const std::string& key() const noexcept { return key_; }
  const std::string& value() const noexcept { return value_; }
  std::uint64_t version() const noexcept { return version_; }  ///< another after every write; 0: it was erased

 private:
  std::string key_;
  std::string value_;
  std::uint64_t version_;
};

/// Writes that are done together or not at all. Each key once.
class store_changes {
 public:
  store_changes() = default;

  store_changes& put(std::string key, std::string value) {
    return add(std::move(key), std::move(value), TENON_STORE_ANY_VERSION, TENON_STORE_PUT);
  }
  /// Only if the entry has this version; 0: only if there is none.
  store_changes& put_if(std::string key, std::string value, std::uint64_t version) {
    return add(std::move(key), std::move(value), version, TENON_STORE_PUT);
  }
  store_changes& erase(std::string key) { return add(std::move(key), {}, TENON_STORE_ANY_VERSION, TENON_STORE_ERASE); }
  store_changes& erase_if(std::string key, std::uint64_t version) {
    return add(std::move(key), {}, version, TENON_STORE_ERASE);
  }
  bool empty() const noexcept { return writes_.empty(); }

  /// Borrowed from this object.
  std::vector<tenon_store_write> to_abi() const {
    std::vector<tenon_store_write> made;
    for (const change& each : writes_) {
      made.push_back({detail::to_abi(each.key), detail::to_abi(each.value), each.expected, each.what, 0});
    }
    return made;
  }

 private:
  struct change {
    std::string key;
    std::string value;
    std::uint64_t expected;
    std::uint32_t what;
  };

  store_changes& add(std::string key, std::string value, std::uint64_t expected, std::uint32_t what) {
    writes_.push_back({std::move(key), std::move(value), expected, what});
    return *this;
  }

  std::vector<change> writes_;
};

/// Thrown by a write that found an entry in another version than it expected: read again, and decide again. What
/// escapes a task with it is INTERNAL_ERROR for the caller.
class store_conflict : public std::exception {
 public:
  explicit store_conflict(store_entry found) : found_(std::move(found)) {}

  const store_entry& found() const noexcept { return found_; }  ///< version 0: there is none
  const char* what() const noexcept override { return "an entry of the store has changed meanwhile"; }

 private:
  store_entry found_;
};

/// What `co_await store().get(...)` and its siblings wait with.
class store_operation : public detail::operation_awaiter {
 protected:
  explicit store_operation(detail::host_link link) noexcept : operation_awaiter(link) {}
  ~store_operation() = default;

  std::vector<store_entry> finished() {
    throw_if_cancelled();
    if (status() == TENON_OK) return std::move(entries_);
    if (status() == TENON_E_CONFLICT && !entries_.empty()) throw store_conflict(std::move(entries_.front()));
    throw errors::service_unavailable("store/1: " + std::string(detail::status_name(status())) +
                                      (message_.empty() ? std::string() : ": " + message_));
  }

  static void done(void* user, tenon_op, const tenon_store_result* result) noexcept {
    auto* self = complete<store_operation>(user, result->status);
    if (self == nullptr) return;
    try {
      self->message_ = detail::from_abi(result->message);
      for (std::uint64_t at = 0; at < result->entry_count; ++at) {
        const tenon_store_entry& each = result->entries[at];
        self->entries_.emplace_back(std::string(detail::from_abi(each.key)), std::string(detail::from_abi(each.value)),
                                    each.version);
      }
    } catch (...) {
      self->fail(TENON_E_LIMIT);
    }
    self->wake();
  }

 private:
  std::vector<store_entry> entries_;
  std::string message_;
};

class store_get final : public store_operation {
 public:
  store_get(detail::host_link link, std::string key) : store_operation(link), key_(std::move(key)) {}

  std::optional<store_entry> await_resume() {
    auto found = finished();
    return found.empty() ? std::nullopt : std::optional(std::move(found.front()));
  }

 private:
  tenon_status start(void* user, tenon_op* id) override {
    return link().store().get(link().ctx(), detail::to_abi(key_), &done, user, id);
  }

  std::string key_;
};

class store_list final : public store_operation {
 public:
  store_list(detail::host_link link, std::string prefix, std::string after, std::uint32_t limit)
      : store_operation(link), prefix_(std::move(prefix)), after_(std::move(after)), limit_(limit) {}

  std::vector<store_entry> await_resume() { return finished(); }

 private:
  tenon_status start(void* user, tenon_op* id) override {
    return link().store().list(link().ctx(), detail::to_abi(prefix_), detail::to_abi(after_), limit_, &done, user, id);
  }

  std::string prefix_;
  std::string after_;
  std::uint32_t limit_;
};

class store_write final : public store_operation {
 public:
  store_write(detail::host_link link, store_changes changes) : store_operation(link), changes_(std::move(changes)) {}

  std::vector<store_entry> await_resume() { return finished(); }

 private:
  tenon_status start(void* user, tenon_op* id) override {
    const auto writes = changes_.to_abi();
    return link().store().write(link().ctx(), writes.data(), writes.size(), &done, user, id);
  }

  store_changes changes_;
};

/// What a tenant keeps beyond its platforms: on disk, for every later platform, version of the plugin and process of
/// the host. Sizes are those of tenon/abi/host.h. A cheap value.
///
/// Errors      SERVICE_UNAVAILABLE when the host cannot read or write: then nothing is known of a write but that it is
///             whole or not there. store_conflict.
class store_service {
 public:
  explicit store_service(detail::host_link link) noexcept : link_(link) {}

  /// `co_await` it: the entry, if there is one.
  store_get get(std::string key) const { return store_get(link_, std::move(key)); }

  /// `co_await` it: entries whose key begins with `prefix` and comes after `after`, in order; perhaps fewer than
  /// `limit` (0: as many as fit). Go on with the last key until nothing comes.
  store_list list(std::string prefix, std::string after = {}, std::uint32_t limit = 0) const {
    return store_list(link_, std::move(prefix), std::move(after), limit);
  }

  /// `co_await` it: writes all or nothing, and gives the keys with their new versions, without values.
  store_write write(store_changes changes) const { return store_write(link_, std::move(changes)); }

 private:
  detail::host_link link_;
};

}  // namespace tenon::sdk
