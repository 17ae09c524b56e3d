#include "footprint.hpp"

#include "check_case.hpp"
#include "process_state.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <string>

#include <limits.h>

#include <pthread.h>
#include <unistd.h>

namespace tenon::plugin_check {
namespace {

struct line {
  const char* name;
  const char* words;
  std::int64_t footprint::*member;
  std::int64_t allowance;
  bool judged;  ///< in this build
};

constexpr std::int64_t kib = 1024;
// Under a sanitizer shadow memory follows every address that was ever used: the heap's bytes, which are exact, say
// enough.
const bool plain = sanitizer_factor() == 1;
const line lines[] = {
    {"heap_growth", "bytes of heap", &footprint::heap, 16 * kib, true},
    {"mapped_growth", "bytes of address space", &footprint::mapped, 1024 * kib, plain},
    {"rss_growth", "bytes of resident memory", &footprint::resident, 4096 * kib, plain},
    {"descriptors_growth", "descriptors", &footprint::descriptors, 0, true},
    {"threads_growth", "threads", &footprint::threads, 0, true},
    {"keys_growth", "thread-specific keys", &footprint::keys, 0, true},
};

std::int64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::int64_t size = 0;
  std::int64_t resident = 0;
  file >> size >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

std::int64_t count_descriptors() {
  std::int64_t count = 0;
  std::error_code code;
  for (std::filesystem::directory_iterator at("/proc/self/fd", code), end; !code && at != end; at.increment(code))
    ++count;
  return count;
}

std::int64_t lowest_free_key() {
  pthread_key_t key{};
  if (::pthread_key_create(&key, nullptr) != 0) return PTHREAD_KEYS_MAX;
  ::pthread_key_delete(key);
  return key;
}

}  // namespace

footprint measure() {
  footprint now;
  now.descriptors = count_descriptors();
  now.threads = static_cast<std::int64_t>(canary::count_threads());
  now.keys = lowest_free_key();
  now.mapped = static_cast<std::int64_t>(canary::mapped_bytes());
  now.resident = resident_bytes();
  now.heap = static_cast<std::int64_t>(canary::heap_in_use());
  return now;
}

std::string why_grown(const footprint& before, const footprint& after, std::int64_t heap_of_others) {
  std::string all;
  for (const auto& [name, words, member, allowance, judged] : lines) {
    const auto grown = after.*member - before.*member;
    const auto allowed = allowance + (member == &footprint::heap ? heap_of_others : 0);
    if (!judged || grown <= allowed) continue;
    all += (all.empty() ? "" : ", ") + std::to_string(grown) + " " + words;
    all += " (allowed: " + std::to_string(allowed) + ")";
  }
  return all;
}

boost::json::object growth(const footprint& before, const footprint& after) {
  boost::json::object made;
  for (const auto& each : lines) made[each.name] = after.*each.member - before.*each.member;
  return made;
}

}  // namespace tenon::plugin_check
