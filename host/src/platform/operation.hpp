#pragma once

#include <tenon/abi/types.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace tenon {

class platform_shell;

/// One timer, HTTP exchange or signature that a plugin has started.
///
/// It is launched once, after the entry that started it has returned; then its result is stored in it and the shell
/// delivers it below a frame. Being taken out of the table is what gives the right to call the plugin's function,
/// exactly once: for deliver() or for close().
///
/// Threads     launch() and deliver() one after the other; cancel() any thread, concurrently with both. close() reads
///             only what the start has stored, because a result may still be arriving.
class operation {
 public:
  operation() = default;
  operation(const operation&) = delete;
  operation& operator=(const operation&) = delete;
  virtual ~operation() = default;

  /// Whatever the operation then waits for keeps only a weak reference to the shell: a late answer keeps no platform.
  virtual void launch(const std::shared_ptr<platform_shell>& shell, tenon_op id) = 0;

  /// A wish. Never completes the operation inside.
  virtual void cancel() noexcept = 0;

  /// Calls the plugin's function with the result.
  virtual void deliver(tenon_op id) noexcept = 0;

  /// Calls the plugin's function with TENON_E_CLOSING.
  virtual void close(tenon_op id) noexcept = 0;
};

using operation_ptr = std::shared_ptr<operation>;

/// The open operations of one platform. Ids count up and are never used twice.
///
/// Threads     Any, concurrently.
class operation_table {
 public:
  explicit operation_table(std::size_t limit) : limit_(limit) {}

  /// 0 if the limit is reached.
  tenon_op insert(operation_ptr opened);
  operation_ptr find(tenon_op id) const;
  operation_ptr take(tenon_op id);
  std::size_t size() const;

  struct entry {
    tenon_op id;
    operation_ptr held;
  };
  std::vector<entry> all() const;
  std::vector<entry> take_all();

 private:
  const std::size_t limit_;
  mutable std::mutex mutex_;
  tenon_op last_ = 0;
  std::unordered_map<tenon_op, operation_ptr> open_;
};

}  // namespace tenon
