#include "plugin/canary_memory.hpp"

#include "plugin/file.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <cstdio>
#include <optional>
#include <span>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tenon {
namespace {

namespace json = boost::json;

constexpr std::size_t most_findings = 4096;
constexpr std::size_t longest_file = 64 * 1024;

/// Raised whenever the canary looks at more, or judges otherwise.
constexpr int canary_revision = 1;

std::filesystem::path file_of(const canary_key& key, const std::filesystem::path& directory) {
  return directory / (key.content_hash + ".canary");
}

/// What was found under this key, if the file is there, ours and whole. Anything else is as good as none.
std::optional<canary_report> read_finding(const std::filesystem::path& path, const std::string& digest) {
  const file_descriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  struct stat found {};
  if (!opened || ::fstat(opened.get(), &found) != 0 || found.st_uid != ::geteuid()) return std::nullopt;
  if (!S_ISREG(found.st_mode) || (found.st_mode & 0022) != 0 || found.st_size > static_cast<off_t>(longest_file)) {
    return std::nullopt;
  }
  const auto bytes = read_whole(opened.get(), path);
  if (!bytes) return std::nullopt;
  boost::system::error_code code;
  const auto parsed = json::parse({reinterpret_cast<const char*>(bytes->data()), bytes->size()}, code);
  const auto* object = code ? nullptr : parsed.if_object();
  const auto* key = object ? object->if_contains("key") : nullptr;
  const auto* refusal = object ? object->if_contains("refusal") : nullptr;
  if (!key || *key != json::value(digest) || !refusal || !refusal->is_string()) return std::nullopt;
  canary_report made;
  made.refusal = std::string(refusal->get_string());
  return made;
}

/// Rationale: a failure costs the next start one child and nothing else, so it is not told; fsync is left out for the
/// same reason, and a torn file is no JSON.
void write_finding(const std::filesystem::path& path, const std::string& digest, const canary_report& report) {
  const auto text = json::serialize(json::object{{"key", digest}, {"refusal", report.refusal}});
  auto beside = path.string() + ".XXXXXX";
  const file_descriptor fresh(::mkostemp(beside.data(), O_CLOEXEC));
  if (!fresh) return;
  const auto count = ::write(fresh.get(), text.data(), text.size());
  const bool whole = count == static_cast<ssize_t>(text.size());
  if (!whole || ::rename(beside.c_str(), path.c_str()) != 0) ::unlink(beside.c_str());
}

}  // namespace

std::string canary_key::digest() const {
  struct stat found {};
  ::stat(program.c_str(), &found);
  const auto text = std::to_string(canary_revision) + ' ' + content_hash + ' ' + program.string() + ' ' +
                    std::to_string(found.st_size) + ' ' + std::to_string(found.st_mtim.tv_sec) + '.' +
                    std::to_string(found.st_mtim.tv_nsec) + ' ' + std::to_string(limits.deadline.count()) + ' ' +
                    std::to_string(limits.constructor_budget.count()) + ' ' + std::to_string(limits.growth_per_cycle) +
                    ' ' + std::to_string(limits.address_space) + ' ' + std::to_string(limits.cycles) +
                    (limits.resident ? " resident" : "");
  return sha256_hex(std::as_bytes(std::span(text)));
}

canary_memory::answer canary_memory::recall(const canary_key& key, const std::filesystem::path& directory,
                                            const run& ask) {
  const auto digest = key.digest();
  std::promise<result<canary_report>> promise;
  {
    std::unique_lock lock(mutex_);
    const auto at = findings_.find(digest);
    if (at != findings_.end()) {
      const auto known = at->second;
      lock.unlock();
      return {known.get(), true};
    }
    forget_some();
    findings_.emplace(digest, promise.get_future());
  }
  try {
    return find(key, digest, directory, ask, promise);
  } catch (...) {
    // Whoever waits is told, and whoever asks next asks again.
    forget(digest);
    promise.set_value(make_error("SERVICE_UNAVAILABLE", "",
                                 "expected the canary run of another tenant with this file to end with a finding, "
                                 "found that it broke off; the next attempt runs it again"));
    throw;
  }
}

canary_memory::answer canary_memory::find(const canary_key& key, const std::string& digest,
                                          const std::filesystem::path& directory, const run& ask,
                                          std::promise<result<canary_report>>& told) {
  const auto path = file_of(key, directory);
  if (auto known = read_finding(path, digest)) {
    told.set_value(*known);
    return {std::move(*known), true};
  }
  auto found = ask();
  if (found && found->lasting) write_finding(path, digest, *found);
  if (!found) forget(digest);
  told.set_value(found);
  return {std::move(found), false};
}

void canary_memory::forget(const std::string& digest) {
  const std::lock_guard lock(mutex_);
  findings_.erase(digest);
}

/// Called with the lock held. Those that are still being asked for stay.
void canary_memory::forget_some() {
  if (findings_.size() < most_findings) return;
  std::erase_if(findings_, [](const auto& entry) {
    return entry.second.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  });
}

}  // namespace tenon
