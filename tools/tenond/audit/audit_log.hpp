#pragma once

#include "audit/audit_entry.hpp"
#include "base/file_descriptor.hpp"
#include "limits/token_bucket.hpp"

#include <tenon/clock.hpp>
#include <tenon/error.hpp>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenon::tenond {

/// The audit log: a file of JSON lines that is only ever appended to.
///
/// A line is one write(2) to a descriptor with O_APPEND, made before the answer goes out, so that it outlives this
/// process whatever becomes of it (the machine's death may cost the last seconds: there is no fsync). Where a write
/// ends half-way, for the disk is full, the next line begins with a line break, so that it can be read all the same.
///
/// A line that cannot be written is lost: it is counted, `trouble` hears of the first one and of the first that can be
/// written again, and calls go on.
///
/// Lifetime    Borrows the clock.
/// Threads     Any, concurrently; `trouble` on any of them, without a lock.
/// Cost        Off: one load. On: one string and one write, which waits for nobody but other lines and the file system.
class audit_log {
 public:
  struct figures {
    std::filesystem::path file;    ///< empty: off
    std::uint64_t written = 0;     ///< lines, summaries among them
    std::uint64_t lost = 0;        ///< lines that could not be written
    std::uint64_t summarised = 0;  ///< entries that were counted instead of written
  };

  /// Lines that are written at once and on average, of one outcome and principal, where anybody may cause them.
  static constexpr rate usual_bounds{.per_second = 0.2, .burst = 20};

  audit_log(const clock& time, std::function<void(const std::string&)> trouble)
      : time_(time), trouble_(std::move(trouble)) {}
  ~audit_log() { summarise(); }

  /// From now on lines go to this file, which is made (0600) if it is missing; the same path is opened anew, so that a
  /// file that was renamed is left to whoever has renamed it. Empty: nothing is written.
  ///
  /// Errors (CONFIGURATION_ERROR): it is no regular file, or cannot be opened or made. Lines go where they went before.
  result<void> open(const std::filesystem::path& file);

  bool is_on() const noexcept { return on_; }

  void write(const audit_entry& entry);

  /// For what strangers, or buyers beyond their limits, can cause as often as they like: beyond `usual_bounds` an entry
  /// is counted, and told by the next summarise().
  void write_bounded(const audit_entry& entry);

  /// Writes a line for all that was counted. To be called now and then.
  void summarise();

  figures now() const;

 private:
  struct counted {
    token_bucket lines;
    std::uint64_t left_out = 0;
    wall_time since{};
  };
  using kind = std::pair<std::string, std::string>;  // outcome and principal

  bool put(std::string line);
  std::string append(std::string& line, bool& written);
  std::vector<audit_summary> take_counted();
  void put_back(const audit_summary& untold);

  const clock& time_;
  const std::function<void(const std::string&)> trouble_;
  std::atomic<bool> on_ = false;

  std::mutex counted_mutex_;
  std::map<kind, counted> counted_;  ///< grows with the principals who were ever refused; outcomes are constants

  mutable std::mutex file_mutex_;
  std::filesystem::path path_;
  file_descriptor file_;
  bool torn_ = false;           ///< what was written last has no line break
  std::uint64_t failures_ = 0;  ///< in a row
  figures figures_;
};

}  // namespace tenon::tenond
