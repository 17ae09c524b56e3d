#include "disturbances.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

namespace tenon::bench {
namespace {

namespace fs = std::filesystem;
using scope = reload_request::scope;

constexpr std::uint32_t ways = 7;             // of writing a plugin file
constexpr std::uint32_t bad_one_in = 5;       // drops
constexpr std::chrono::seconds patience{20};  // for the watch

void write(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

/// In two pieces, as a slow copy is seen.
void write_slowly(const fs::path& file, const std::string& bytes) {
  const int out = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const auto half = bytes.size() / 2;
  [[maybe_unused]] auto written = ::write(out, bytes.data(), half);
  std::this_thread::sleep_for(std::chrono::milliseconds(30));
  written = ::write(out, bytes.data() + half, bytes.size() - half);
  ::close(out);
}

std::string first_reason(const reload_report& report) {
  for (const auto& change : report.tenants)
    if (!change.applied) return change.step + ", " + change.reason;
  return report.diagnostics.empty() ? "" : report.diagnostics.front().to_string();
}

std::string version_text(int version) { return std::to_string(version) + ".0.0"; }

}  // namespace

disturbances::disturbances(reload_world& world, history& past) : world_(world), past_(past) {}

void disturbances::run(const amounts& part) {
  using action = void (disturbances::*)();
  std::vector<action> all(part.reloads, &disturbances::reload);
  all.insert(all.end(), part.drops, &disturbances::drop);
  all.insert(all.end(), part.edits, &disturbances::edit);
  std::ranges::shuffle(all, random_);
  for (const auto each : all) (this->*each)();
}

/// As an operator asks for it: one tenant, a plugin's, all, or whatever changed.
void disturbances::reload() {
  const auto& tenants = world_.tenants();
  const std::array<reload_request, 4> requests = {
      reload_request{.about = scope::tenant, .name = tenants[done_.reloads % tenants.size()]},
      reload_request{.about = scope::plugin, .name = "echo"}, reload_request{.about = scope::all}, reload_request{}};
  const auto from = bench_clock::now();
  const auto report = world_.reload(requests[done_.reloads % requests.size()]);
  times_.push_back({from, bench_clock::now()});
  ++done_.reloads;
  if (!report.ok()) surprises_.push_back("a reload was not applied whole: " + first_reason(report));
}

void disturbances::edit() {
  const auto tenant = static_cast<std::uint32_t>(done_.edits % world_.tenants().size());
  const auto tag = world_.tenants()[tenant] + "-" + std::to_string(++done_.edits);
  const auto from = bench_clock::now();
  world_.write_tenant(tenant, tag);
  const auto report = world_.reload();
  const interval when{from, bench_clock::now()};
  times_.push_back(when);
  past_.changed(tenant, {past_.current(tenant).first, tag}, when);
  if (!report.ok()) surprises_.push_back("an edit was not applied: " + first_reason(report));
}

void disturbances::drop() {
  if (++done_.drops % bad_one_in == 0)
    drop_bad();
  else
    drop_good();
}

void disturbances::drop_good() {
  version_ = 3 - version_;
  const auto bytes = world_.fresh_plugin(version_);
  const auto rounds = world_.serving().status().reloads.rounds;
  const auto from = bench_clock::now();
  put(bytes, done_.drops % ways);
  if (!await_watch(rounds, version_text(version_)))
    surprises_.push_back("a plugin dropped in way " + std::to_string(done_.drops % ways) + " did not come into force");
  const interval when{from, bench_clock::now()};
  times_.push_back(when);
  for (std::uint32_t tenant = 0; tenant < world_.tenants().size(); ++tenant)
    past_.changed(tenant, {version_text(version_), past_.current(tenant).second}, when);
}

/// Refused, and then replaced by what was there.
void disturbances::drop_bad() {
  const auto bytes = world_.fresh_plugin(version_);
  const std::array<std::string, 3> torn = {bytes.substr(0, bytes.size() / 2), bytes.substr(0, 100), "no plugin"};
  const auto rounds = world_.serving().status().reloads.rounds;
  const auto from = bench_clock::now();
  put(torn[bad_drops_++ % torn.size()], done_.drops % ways);
  if (!await_watch(rounds, version_text(version_))) surprises_.emplace_back("a torn plugin was not looked at");
  const auto again = world_.serving().status().reloads.rounds;
  put(bytes, 0);
  if (!await_watch(again, version_text(version_))) surprises_.emplace_back("a mended plugin did not come into force");
  times_.push_back({from, bench_clock::now()});
}

/// In every way in which files come to be replaced.
void disturbances::put(const std::string& bytes, std::uint32_t way) {
  const auto place = world_.plugin();
  const auto beside = place.parent_path() / ".echo.so.new";
  const auto elsewhere = place.parent_path() / "..releases";
  const auto unique = std::to_string(done_.drops) + "-" + std::to_string(bad_drops_);
  fs::create_directories(elsewhere);
  const auto release = elsewhere / unique;
  if (way <= 1) {
    // cp and a slow cp write into what is there; through a link it would be the release's file.
    if (fs::is_symlink(place)) fs::remove(place);
    return way == 0 ? write(place, bytes) : write_slowly(place, bytes);
  }
  if (way == 2) {  // install: away with the old, then the new
    fs::remove(place);
    return write(place, bytes);
  }
  if (way == 3) {  // mv and rsync
    write(beside, bytes);
    return fs::rename(beside, place);
  }
  if (way == 4) {  // a hard link
    write(release, bytes);
    fs::remove(place);
    return fs::create_hard_link(release, place);
  }
  // A symbolic link to the file, or as Kubernetes mounts have it: to ..data, which is one to a directory.
  fs::path target = fs::path(elsewhere.filename()) / unique;  // relative, or it would lead out of the directory
  if (way == 5) {
    write(release, bytes);
  } else {
    fs::create_directories(release);
    write(release / "echo.so", bytes);
    const auto data = place.parent_path() / "..data";
    fs::remove(beside);
    fs::create_directory_symlink(target, beside);
    fs::rename(beside, data);
    target = "..data/echo.so";
    if (fs::is_symlink(place) && fs::read_symlink(place) == target) return;
  }
  fs::remove(beside);
  fs::create_symlink(target, beside);
  fs::rename(beside, place);
}

/// Until the watch has had its round and every tenant is served by that version.
bool disturbances::await_watch(std::uint64_t rounds, const std::string& version) {
  const auto deadline = bench_clock::now() + patience;
  while (bench_clock::now() < deadline) {
    const auto now = world_.serving().status();
    const bool all = std::ranges::all_of(now.tenants, [&](const tenant_status& each) {
      return each.plugin_version == version && (!each.cached || each.served_version == version);
    });
    if (all && now.reloads.rounds > rounds) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}

}  // namespace tenon::bench
