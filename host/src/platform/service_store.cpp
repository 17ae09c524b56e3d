// store/1
#include "platform/plain_text.hpp"
#include "platform/platform_shell.hpp"
#include "platform/services.hpp"
#include "storage/tenant_stores.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <set>
#include <utility>

namespace tenon {
namespace {

/// One access to the tenant's store, on the threads for what blocks: it may wait for the disk.
class store_operation final : public operation, public std::enable_shared_from_this<store_operation> {
 public:
  using access = unique_function<store_outcome(tenant_store&)>;

  store_operation(access what, tenon_store_fn done, void* user) : what_(std::move(what)), done_(done), user_(user) {}

  void launch(const std::shared_ptr<platform_shell>& shell, tenon_op id) override {
    const auto pool = shell->environment().blocking_of(shell->tenant());
    boost::asio::post(pool, [self = shared_from_this(), weak = std::weak_ptr(shell), id] {
      // A platform that is going away is told CLOSING; what it began to write is written all the same.
      const auto still_there = weak.lock();
      if (!still_there) return;
      self->outcome_ = self->run(*still_there);
      still_there->post_delivery(id);
    });
  }

  /// It is over before a cancel could matter, and half a transaction helps nobody.
  void cancel() noexcept override {}

  void deliver(tenon_op id) noexcept override {
    std::vector<tenon_store_entry> entries;
    entries.reserve(outcome_.entries.size());
    for (const auto& each : outcome_.entries)
      entries.push_back({abi_text(each.key), abi_text(each.value), each.version});
    const tenon_store_result told{.struct_size = sizeof(tenon_store_result),
                                  .status = outcome_.status,
                                  .entries = entries.data(),
                                  .entry_count = entries.size(),
                                  .message = abi_text(outcome_.message)};
    done_(user_, id, &told);
  }

  void close(tenon_op id) noexcept override {
    const tenon_store_result told{.struct_size = sizeof(tenon_store_result),
                                  .status = TENON_E_CLOSING,
                                  .entries = nullptr,
                                  .entry_count = 0,
                                  .message = {}};
    done_(user_, id, &told);
  }

 private:
  store_outcome run(platform_shell& shell) {
    const auto opened = shell.store();
    if (!opened) return {.status = TENON_E_IO, .message = opened.error().operator_detail};
    auto outcome = what_(**opened);
    if (outcome.status == TENON_E_IO) shell.let_store_go();
    return outcome;
  }

  access what_;
  const tenon_store_fn done_;
  void* const user_;
  store_outcome outcome_;  ///< written before the delivery is posted, read by it
};

bool is_key(tenon_str key) noexcept {
  return is_well_formed(key) && key.len > 0 && key.len <= TENON_STORE_KEY_BYTES && is_utf8(view_of(key));
}

/// An empty text or one that a key may begin with.
bool is_part(tenon_str text) noexcept { return text.len == 0 ? is_well_formed(text) : is_key(text); }

tenon_status start(tenon_ctx* ctx, store_operation::access what, tenon_store_fn done, void* user, tenon_op* op) {
  auto* const frame = entry_frame::of(ctx);
  if (frame == nullptr || done == nullptr || op == nullptr) return TENON_E_INVALID;
  return frame->start(std::make_shared<store_operation>(std::move(what), done, user), op);
}

/// What the entries belong to: the plugin, whatever its version.
std::string owner_of(tenon_ctx* ctx) {
  const auto* const frame = entry_frame::of(ctx);
  return frame == nullptr ? std::string() : frame->shell().image().manifest.id;
}

tenon_status get(tenon_ctx* ctx, tenon_str key, tenon_store_fn done, void* user, tenon_op* op) noexcept {
  if (!is_key(key)) return TENON_E_INVALID;
  auto what = [plugin = owner_of(ctx), wanted = std::string(view_of(key))](tenant_store& from) {
    return from.get(plugin, wanted);
  };
  return start(ctx, std::move(what), done, user, op);
}

tenon_status list(tenon_ctx* ctx, tenon_str prefix, tenon_str after, std::uint32_t limit, tenon_store_fn done,
                  void* user, tenon_op* op) noexcept {
  if (!is_part(prefix) || !is_part(after)) return TENON_E_INVALID;
  auto what = [plugin = owner_of(ctx), with = std::string(view_of(prefix)), behind = std::string(view_of(after)),
               limit](tenant_store& from) { return from.list(plugin, with, behind, limit); };
  return start(ctx, std::move(what), done, user, op);
}

tenon_status write(tenon_ctx* ctx, const tenon_store_write* writes, std::uint64_t count, tenon_store_fn done,
                   void* user, tenon_op* op) noexcept {
  if (writes == nullptr || count == 0 || count > TENON_STORE_WRITES) return TENON_E_INVALID;
  std::vector<store_write> wanted;
  std::set<std::string_view> keys;
  for (std::uint64_t at = 0; at < count; ++at) {
    const auto& each = writes[at];
    const bool erases = each.what == TENON_STORE_ERASE;
    if (!is_key(each.key) || !is_well_formed(each.value) || each.value.len > TENON_STORE_VALUE_BYTES)
      return TENON_E_INVALID;
    if (!erases && each.what != TENON_STORE_PUT) return TENON_E_INVALID;
    if (each.reserved != 0 || (erases && each.value.len != 0)) return TENON_E_INVALID;
    if (!keys.insert(view_of(each.key)).second) return TENON_E_INVALID;
    wanted.push_back({.key = std::string(view_of(each.key)),
                      .value = erases ? std::string() : std::string(view_of(each.value)),
                      .expected = each.expected,
                      .erases = erases});
  }
  auto what = [plugin = owner_of(ctx), wanted = std::move(wanted)](tenant_store& into) {
    return into.write(plugin, wanted);
  };
  return start(ctx, std::move(what), done, user, op);
}

}  // namespace

const tenon_store_1 store_service = {.get = &get, .list = &list, .write = &write};

}  // namespace tenon
