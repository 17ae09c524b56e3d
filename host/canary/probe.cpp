#include "probe.hpp"

#include "fake_host.hpp"
#include "sample_settings.hpp"

#include "plugin/canary_protocol.hpp"
#include "plugin/file.hpp"
#include "plugin/handshake.hpp"
#include "plugin/mapping.hpp"
#include "plugin/refusal.hpp"

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <limits>
#include <optional>
#include <span>
#include <type_traits>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

namespace tenon::canary {
namespace {

namespace json = boost::json;
using clock_type = std::chrono::steady_clock;

/// The note, read from a read-only view of the file: of a large plugin only the pages with headers are touched.
result<manifest> read_note(const std::filesystem::path& path) {
  const file_descriptor opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat found {};
  if (!opened || ::fstat(opened.get(), &found) != 0 || found.st_size <= 0) {
    return refusal(path.string() + ": cannot be read: " + describe_errno(errno));
  }
  const auto size = static_cast<std::size_t>(found.st_size);
  void* at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, opened.get(), 0);
  if (at == MAP_FAILED) return refusal(path.string() + ": cannot be read: " + describe_errno(errno));
  auto read = read_manifest(std::span(static_cast<const std::byte*>(at), size));
  ::munmap(at, size);
  return read;
}

/// One plugin under observation.
class probe {
 public:
  probe(const probe_request& request, const announcement& announce) : request_(request), announce_(announce) {}

  json::object run();

 private:
  void cycle();
  std::string live(const mapping& mapped);
  void create_and_destroy(const tenon_plugin& entry, fake_host& host);
  void measure_growth();
  void note_changes(const std::vector<state_change>& changes);
  void wrong(std::string kind, std::string text) { findings_.push_back({std::move(kind), std::move(text), "", ""}); }
  json::object report() const;

  /// Runs and takes the time of its first run.
  template <class Work>
  auto timed(std::string_view step, std::string_view key, Work work) {
    announce_(step);
    const auto started = clock_type::now();
    const auto finish = [&] {
      const std::uint64_t took =
          static_cast<std::uint64_t>((clock_type::now() - started) / std::chrono::nanoseconds(1));
      if (!times_.contains(key)) times_[key] = took;
      if (step == steps::map) fastest_map_ = std::min(fastest_map_, took);
    };
    if constexpr (std::is_void_v<decltype(work())>) {
      work();
      finish();
    } else {
      auto outcome = work();
      finish();
      return outcome;
    }
  }

  const probe_request& request_;
  const announcement& announce_;
  manifest manifest_;
  std::string settings_;
  bool with_platform_ = false;
  std::vector<state_change> findings_;  ///< `kind` says what, `name` in which words
  json::object times_;
  std::uint64_t fastest_map_ = std::numeric_limits<std::uint64_t>::max();
  std::vector<std::uint64_t> heap_;    ///< after each cycle
  std::vector<std::uint64_t> mapped_;  ///< after each cycle
  unsigned cycles_ = 0;
};

json::object probe::run() {
  auto note = read_note(request_.path);
  if (!note) {
    wrong("refused", note.error().operator_detail);
    return report();
  }
  manifest_ = std::move(*note);
  if (const auto settings = sample_settings(manifest_.settings_schema)) {
    settings_ = json::serialize(*settings);
    with_platform_ = true;
  }
  const auto before = look_at_process();
  const auto cycles = request_.resident ? 1 : std::max(1u, request_.cycles);
  while (cycles_ < cycles && findings_.empty()) {
    cycle();
    ++cycles_;
    const bool slow = cycles_ >= 2 && fastest_map_ > request_.constructor_budget_ns;
    const bool last = cycles_ == cycles || slow;
    if (cycles_ > 1 && !last) continue;  // each look costs; the first finds the fault, the last is the proof
    announce_(steps::look);
    note_changes(changes_since(before));
    if (slow) break;
  }
  measure_growth();
  return report();
}

void probe::cycle() {
  auto mapped = timed(steps::map, "map_ns", [&] { return mapping::load(request_.path); });
  if (!mapped) return wrong("refused", mapped.error().operator_detail);
  if (auto why = live(*mapped); !why.empty()) wrong("refused", std::move(why));
  const bool gone = timed(steps::unmap, "unmap_ns", [&] { return mapped->close(); });
  if (!gone && !request_.resident) wrong("mapped", why_pinned(request_.path).text);
  heap_.push_back(heap_in_use());
  mapped_.push_back(mapped_bytes());
}

std::string probe::live(const mapping& mapped) {
  announce_(steps::check);
  const auto entry = check_entry(mapped, manifest_);
  if (!entry) return entry.error().operator_detail;
  fake_host host;
  const auto status = timed(steps::init, "init_ns", [&] { return (*entry)->init(&host.table()); });
  if (status != TENON_OK) {
    return "init() answered status " + std::to_string(status) +
           ", expected TENON_OK (0); it does not accept a host with the services of its manifest";
  }
  const auto interfaces = ask_interfaces(mapped, manifest_, **entry);
  if (interfaces && with_platform_) create_and_destroy(**entry, host);
  timed(steps::deinit, "deinit_ns", [&] { (*entry)->deinit(); });
  return interfaces ? std::string() : interfaces.error().operator_detail;
}

void probe::create_and_destroy(const tenon_plugin& entry, fake_host& host) {
  constexpr std::string_view tenant = "canary";
  constexpr std::string_view specialisms = "[]";
  tenon_create arguments{};
  arguments.struct_size = sizeof arguments;
  arguments.tenant = {tenant.data(), tenant.size()};
  arguments.settings = {settings_.data(), settings_.size()};
  arguments.specialisms = {specialisms.data(), specialisms.size()};
  tenon_instance* instance = nullptr;
  const auto status = timed(steps::create, "create_ns", [&] {
    return host.enter([&] { return entry.create(host.context(), &arguments, fake_host::ready, &instance); });
  });
  announce_(steps::complete);
  if (status != TENON_OK) return host.close();  // it refuses, as it may
  if (!instance) {
    return wrong("refused",
                 "create() answered TENON_OK without an instance, which every later call needs; set *out first");
  }
  host.run();
  if (!host.answered()) {
    announce_(steps::cancel);
    host.enter([&] { entry.cancel(instance, fake_host::ready); });
    announce_(steps::complete);
    host.run();
  }
  host.close();
  timed(steps::destroy, "destroy_ns", [&] { host.enter([&] { entry.destroy(instance); }); });
}

void probe::note_changes(const std::vector<state_change>& changes) {
  constexpr std::size_t most = 16;
  for (const auto& change : changes) {
    if (findings_.size() >= most) return;
    findings_.push_back(change);
  }
}

/// What grows in every cycle after the second is never given back: the first ones fill caches.
void probe::measure_growth() {
  const auto steady = [](const std::vector<std::uint64_t>& sizes) -> std::uint64_t {
    if (sizes.size() < 4) return 0;
    std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
    for (std::size_t i = 2; i < sizes.size(); ++i) {
      least = std::min(least, sizes[i] > sizes[i - 1] ? sizes[i] - sizes[i - 1] : 0);
    }
    return least;
  };
  times_["heap_growth"] = steady(heap_);
  times_["mapped_growth"] = steady(mapped_);
}

json::object probe::report() const {
  json::array findings;
  for (const auto& finding : findings_) {
    findings.push_back(json::object{{"kind", finding.kind},
                                    {"name", finding.name.substr(0, 1024)},
                                    {"before", finding.before.substr(0, 256)},
                                    {"after", finding.after.substr(0, 256)}});
  }
  auto made = times_;
  made["findings"] = std::move(findings);
  made["cycles"] = cycles_;
  made["platform"] = with_platform_;
  if (fastest_map_ != std::numeric_limits<std::uint64_t>::max()) made["constructor_ns"] = fastest_map_;
  return made;
}

}  // namespace

json::object run_probe(const probe_request& request, const announcement& announce) {
  return probe(request, announce).run();
}

}  // namespace tenon::canary
