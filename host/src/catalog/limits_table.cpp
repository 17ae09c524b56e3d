#include "catalog/limits_table.hpp"

#include "base/release.hpp"

#include <type_traits>

namespace tenon {
namespace {

constexpr std::int64_t longest_ms = 24LL * 60 * 60 * 1000;
constexpr std::int64_t most_calls = 1'000'000;
constexpr std::int64_t most_probes = 1'000;
constexpr std::int64_t most_bytes = 1LL << 40;

/// Reads a member that is a count, or a time in milliseconds.
template <auto Member, std::int64_t Least, std::int64_t Most, class Target>
void read_whole(const field& from, Target& into) {
  using type = std::remove_reference_t<decltype(into.*Member)>;
  if (const auto read = from.whole(Least, Most)) into.*Member = static_cast<type>(*read);
}

constexpr key_rule<breaker_policy> breaker_keys[] = {
    {"failure_ratio",
     [](const field& from, breaker_policy& into) {
       if (const auto read = from.number(0, 1)) into.failure_ratio = *read;
     }},
    {"min_calls", read_whole<&breaker_policy::min_calls, 1, most_calls>},
    {"window_ms", read_whole<&breaker_policy::window, 1, longest_ms>},
    {"open_ms", read_whole<&breaker_policy::open, 1, longest_ms>},
    {"longest_open_ms", read_whole<&breaker_policy::longest_open, 1, longest_ms>},
    {"probes", read_whole<&breaker_policy::probes, 1, most_probes>},
};

void read_breaker(const field& from, call_limits& into) {
  const auto* table = from.table();
  if (table == nullptr) return;
  read_table<breaker_policy>(*table, from.content.line, from.name + '.', breaker_keys, from.scope, into.breaker);
  if (into.breaker.longest_open < into.breaker.open) {
    from.refuse("expected longest_open_ms of at least open_ms (" + std::to_string(into.breaker.open.count()) +
                "), found " + std::to_string(into.breaker.longest_open.count()));
  }
}

void read_task_timeouts(const field& from, call_limits& into) {
  const auto* table = from.table();
  if (table == nullptr) return;
  for (const auto& [name, content, line] : *table) {
    const field each{content, from.name + '.' + name, from.scope};
    if (release::find_task(name) == nullptr) {
      std::vector<std::string_view> known;
      for (const auto& task : release::tasks()) known.push_back(task.name);
      from.scope.error(line, from.name + ": expected a task of AdCP " + std::string(release::version) + ", found " +
                                 in_quotes(name) + did_you_mean(name, known));
      continue;
    }
    if (const auto read = each.whole(1, longest_ms)) into.task_timeouts[name] = std::chrono::milliseconds(*read);
  }
}

constexpr key_rule<call_limits> limit_keys[] = {
    {"max_calls", read_whole<&call_limits::max_calls, 1, most_calls>},
    {"max_queued_calls", read_whole<&call_limits::max_queued_calls, 0, most_calls>},
    {"max_request_bytes", read_whole<&call_limits::max_request_bytes, 1, most_bytes>},
    {"max_open_bytes", read_whole<&call_limits::max_open_bytes, 1, most_bytes>},
    {"max_reply_bytes", read_whole<&call_limits::max_reply_bytes, 1, most_bytes>},
    {"max_upstream_calls", read_whole<&call_limits::max_upstream_calls, 1, most_calls>},
    {"task_timeout_ms", read_task_timeouts},
    {"breaker", read_breaker},
};

}  // namespace

void read_limits(const field& from, call_limits& into) {
  const auto* table = from.table();
  if (table == nullptr) return;
  read_table<call_limits>(*table, from.content.line, from.name + '.', limit_keys, from.scope, into);
  if (into.max_open_bytes < into.max_request_bytes) {
    from.refuse("expected max_open_bytes of at least max_request_bytes (" + std::to_string(into.max_request_bytes) +
                "), found " + std::to_string(into.max_open_bytes));
  }
}

}  // namespace tenon
