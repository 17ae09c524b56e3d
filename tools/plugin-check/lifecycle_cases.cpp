// Loading and unloading: what is left behind, what grows, and what two generations share.
#include "footprint.hpp"
#include "session.hpp"

#include "process_state.hpp"

#include <algorithm>
#include <memory>
#include <span>
#include <utility>

#include <link.h>

namespace tenon::plugin_check {
namespace {

/// Bytes that the C library may keep of each library that was mapped over another: it takes back the places of static
/// destructors, 32 bytes each, only from the end of their list. A sanitizer's runtime adds to that list too. What a
/// plugin keeps beside it shows in the plain cycles, to the byte.
constexpr std::int64_t kept_by_libc = 256;

/// A platform in a generation: create, one call of the first task, destroy. Whether a call was made.
bool use(workbench& bench, const generation& of, checking_host& host, const manifest& note) {
  session platform(bench, of, host, note, "plugin-check");
  const bool called = platform.open() && !note.tasks.empty();
  if (called) {
    const auto call = platform.start(note.tasks.front().name);
    if (call.status == TENON_OK) platform.finish(call.token);
  }
  platform.destroy();
  return called;
}

/// One whole life.
bool live(workbench& bench, const std::filesystem::path& copy, const manifest& note) {
  checking_host host(upstream_body(bench));
  generation plugin(bench, copy);
  plugin.init(host.table());
  const bool called = use(bench, plugin, host, note);
  plugin.deinit();
  plugin.unmap();
  return called;
}

outcome threads(workbench& bench) {
  const auto before = canary::look_at_process();
  {
    stage on(bench);
    use(bench, on.plugin, on.host, on.note);
    on.plugin.deinit();
  }
  const auto changes = canary::changes_since(before);
  const auto left = std::ranges::count_if(
      changes, [](const auto& change) { return change.kind == "thread" && change.before.empty(); });
  if (left == 0) return passed();
  return failed(std::to_string(left) + (left == 1 ? " thread runs" : " threads run") +
                    " on after deinit(): unmapping would pull the code from under it",
                "own no thread; the host has timers and blocking tasks");
}

outcome unload(workbench& bench) {
  live(bench, bench.copies.front(), read_note(bench.copies.front()));
  return passed();
}

std::string in_words(const canary::state_change& change) {
  const auto what = change.kind + (change.name.empty() ? "" : " " + change.name);
  if (change.before.empty()) return what + ": " + change.after;
  return what + ": " + (change.after.empty() ? "gone" : change.after) + " instead of " + change.before;
}

outcome leftovers(workbench& bench) {
  const auto note = read_note(bench.copies.front());
  const auto before = canary::look_at_process();
  live(bench, bench.copies.front(), note);
  std::string all;
  for (const auto& change : canary::changes_since(before)) all += (all.empty() ? "" : "; ") + in_words(change);
  if (!all.empty()) {
    return failed("it changes the process that loaded it: " + all.substr(0, 1024),
                  "change nothing that belongs to the whole process, or undo it in deinit()");
  }
  // Handlers that it left run when this process ends, and are gone.
  return passed();
}

/// Where many lives are lived: after the first few only their number is told now and then, as a conversation has its
/// limits.
class life_counter {
 public:
  life_counter(workbench& bench, std::string_view what, unsigned all)
      : bench_(bench), what_(what), all_(all), announce_(std::exchange(bench.announce, [this](std::string_view step) {
          if (lives_ <= told_one_by_one) announce_(step);
        })) {}
  life_counter(const life_counter&) = delete;
  life_counter& operator=(const life_counter&) = delete;
  ~life_counter() { bench_.announce = std::move(announce_); }

  void next() {
    ++lives_;
    const auto seldom = std::max(1u, all_ / 100);
    if (lives_ > told_one_by_one && lives_ % seldom == 0) announce_(what_ + " " + std::to_string(lives_));
  }

 private:
  static constexpr unsigned told_one_by_one = 4;

  workbench& bench_;
  std::string what_;
  unsigned all_;
  unsigned lives_ = 0;
  std::function<void(std::string_view)> announce_;
};

outcome cycles(workbench& bench) {
  const auto note = read_note(bench.copies.front());
  const auto warm_up = std::max(3u, bench.cycles / 10);
  life_counter counter(bench, "load and unload", warm_up + bench.cycles);
  footprint before;
  std::uint64_t calls = 0;
  for (unsigned i = 0; i < warm_up + bench.cycles; ++i) {
    if (i == warm_up) before = measure();
    counter.next();
    const bool called = live(bench, bench.copies[i % 2], note);
    if (called && i >= warm_up) ++calls;
  }
  const auto after = measure();
  auto grown = why_grown(before, after, sanitizer_factor() == 1 ? 0 : bench.cycles * kept_by_libc);
  auto figures = growth(before, after);
  figures["cycles"] = bench.cycles;
  figures["calls"] = calls;
  auto made = grown.empty() ? passed()
                            : failed("over " + std::to_string(bench.cycles) + " loads and unloads it keeps " + grown,
                                     "give back in deinit() and destroy() what init() and create() take");
  made.figures = std::move(figures);
  return made;
}

outcome overlap(workbench& bench) {
  const auto note = read_note(bench.copies.front());
  checking_host host(upstream_body(bench));
  const auto begin = [&](unsigned number) {
    auto made = std::make_unique<generation>(bench, bench.copies[number % 2]);
    made->init(host.table());
    return made;
  };
  const auto reloads = bench.cycles * 10;
  const auto warm_up = std::max(4u, reloads / 10);
  life_counter counter(bench, "overlapped reload", warm_up + reloads);
  auto serving = begin(0);
  footprint before;
  for (unsigned i = 1; i <= warm_up + reloads; ++i) {
    if (i == warm_up) before = measure();
    counter.next();
    session old(bench, *serving, host, note, "plugin-check");
    old.open();
    auto next = begin(i);
    use(bench, *next, host, note);
    old.destroy();
    serving->deinit();
    serving->unmap();
    serving = std::move(next);
    host.forget_destroyed();
  }
  const auto after = measure();
  serving->deinit();
  serving->unmap();
  auto grown = why_grown(before, after, reloads * kept_by_libc);
  auto figures = growth(before, after);
  figures["reloads"] = reloads;
  auto made =
      grown.empty()
          ? passed()
          : failed("over " + std::to_string(reloads) + " overlapped reloads it keeps " + grown,
                   "give back in deinit() and destroy() what init() and create() take, and have few variables with "
                   "destructors: the C library keeps 32 bytes for each");
  made.figures = std::move(figures);
  return made;
}

/// The writable memory of a mapped object, as it is now.
struct variables {
  std::vector<std::span<const std::byte>> places;
  std::vector<std::vector<std::byte>> contents;
};

int add_variables(dl_phdr_info* object, std::size_t, void* wanted) {
  auto& [name, into] = *static_cast<std::pair<std::string, variables*>*>(wanted);
  if (name != object->dlpi_name) return 0;
  const std::span segments(object->dlpi_phdr, object->dlpi_phnum);
  const auto relro = std::ranges::find(segments, static_cast<ElfW(Word)>(PT_GNU_RELRO), &ElfW(Phdr)::p_type);
  const auto fixed = relro == segments.end() ? 0 : relro->p_vaddr + relro->p_memsz;
  for (const auto& segment : segments) {
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) == 0) continue;
    const auto first = std::max<std::uint64_t>(segment.p_vaddr, fixed);
    const auto last = segment.p_vaddr + segment.p_memsz;
    if (first < last) {
      into->places.emplace_back(reinterpret_cast<const std::byte*>(object->dlpi_addr + first), last - first);
    }
  }
  return 1;
}

__attribute__((no_sanitize("address"))) std::vector<std::byte> copy_of(std::span<const std::byte> place) {
  std::vector<std::byte> made(place.size());
  auto* to = made.data();
  for (const auto& one : place) *to++ = one;  // not memcpy(), which a sanitizer intercepts: redzones lie in between
  return made;
}

variables take_variables(const std::filesystem::path& copy) {
  variables found;
  std::pair<std::string, variables*> wanted{copy.string(), &found};
  ::dl_iterate_phdr(add_variables, &wanted);
  for (const auto place : found.places) found.contents.push_back(copy_of(place));
  return found;
}

outcome statics(workbench& bench) {
  const auto note = read_note(bench.copies.front());
  checking_host host(upstream_body(bench));
  generation first(bench, bench.copies[0]);
  first.init(host.table());
  use(bench, first, host, note);
  const auto before = take_variables(bench.copies[0]);
  generation second(bench, bench.copies[1]);
  if (&first.entry() == &second.entry()) {
    return failed("a second copy, of another name, is answered with the first one's entry",
                  "link without a SONAME of your own and without -z nodelete");
  }
  second.init(host.table());
  use(bench, second, host, note);
  second.deinit();
  std::uint64_t changed = 0;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < before.places.size(); ++i) {
    const auto now = copy_of(before.places[i]);
    bytes += now.size();
    for (std::size_t at = 0; at < now.size(); ++at) changed += now[at] != before.contents[i][at] ? 1 : 0;
  }
  if (changed > 0) {
    return failed("a second generation wrote into " + std::to_string(changed) + " bytes of the first one's variables",
                  "share nothing between generations: no addresses in the environment, in files or in symbols");
  }
  first.deinit();
  second.unmap();
  first.unmap();
  return passed({{"writable_bytes", bytes}});
}

}  // namespace

std::vector<check_case> lifecycle_cases() {
  return {
      {"lifecycle", "threads", "no thread of its own is left after deinit()", {"contract.instance"}, threads},
      {"lifecycle", "unload", "dlclose unmaps it", {"lifecycle.threads", "contract.destroy"}, unload},
      {"lifecycle", "leftovers", "the process is as it was before", {"lifecycle.unload"}, leftovers},
      {"lifecycle",
       "cycles",
       "nothing grows over many loads and unloads",
       {"lifecycle.leftovers", "speed.constructors"},
       cycles,
       true},
      {"lifecycle", "overlap", "nothing grows while two generations overlap", {"lifecycle.cycles"}, overlap, true},
      {"lifecycle", "statics", "two generations have variables of their own", {"lifecycle.unload"}, statics},
  };
}

}  // namespace tenon::plugin_check
