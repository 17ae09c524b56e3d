#include "plugin/admission.hpp"

#include "plugin/canary_memory.hpp"
#include "plugin/loading_mark.hpp"
#include "plugin/pin.hpp"
#include "plugin/refusal.hpp"

#include <spdlog/spdlog.h>

#include <atomic>
#include <mutex>
#include <semaphore>
#include <system_error>

#include <unistd.h>

namespace tenon {
namespace {

using clock_type = std::chrono::steady_clock;

constexpr std::string_view program_name = "tenon-canary";
constexpr std::ptrdiff_t children_at_a_time = 2;  // of a start with many plugins; the machine has other work

bool executable(const std::filesystem::path& program) {
  std::error_code code;
  return std::filesystem::is_regular_file(program, code) && ::access(program.c_str(), X_OK) == 0;
}

using places = std::counting_semaphore<children_at_a_time>;

/// One of the places, waited for, and given back whatever happens.
class place_among {
 public:
  explicit place_among(places& of) : of_(of) { of_.acquire(); }
  place_among(const place_among&) = delete;
  place_among& operator=(const place_among&) = delete;
  ~place_among() { of_.release(); }

 private:
  places& of_;
};

class checked_admission final : public admission {
 public:
  checked_admission(std::shared_ptr<plugin_store> store, std::filesystem::path canary,
                    std::shared_ptr<spdlog::logger> logger, canary_limits limits)
      : store_(std::move(store)),
        embedded_(std::move(canary)),
        logger_(logger ? std::move(logger) : spdlog::default_logger()),
        limits_(limits) {}

  result<std::shared_ptr<const plugin_image>> admit(const catalog& tenants, const std::string& name) override {
    admission_timing timing;
    auto admitted = pass(tenants, name, timing);
    const std::lock_guard lock(mutex_);
    timing_ = std::move(timing);
    return admitted;
  }

  admission_timing last_timing() const override {
    const std::lock_guard lock(mutex_);
    return timing_;
  }

  std::uint64_t canaries() const noexcept override { return canaries_; }

 private:
  /// The time that a step takes, added when it is over.
  class stopwatch {
   public:
    explicit stopwatch(std::chrono::nanoseconds& into) : into_(into) {}
    stopwatch(const stopwatch&) = delete;
    stopwatch& operator=(const stopwatch&) = delete;
    ~stopwatch() { into_ = clock_type::now() - started_; }

   private:
    std::chrono::nanoseconds& into_;
    clock_type::time_point started_ = clock_type::now();
  };

  template <class Step>
  static auto timed(std::chrono::nanoseconds& into, Step step) {
    const stopwatch watch(into);
    return step();
  }

  result<std::shared_ptr<const plugin_image>> pass(const catalog& tenants, const std::string& name,
                                                   admission_timing& timing) {
    const auto& host = tenants.host;
    const auto policy = tenants.policy_of(name);
    const auto file = timed(timing.read, [&] { return open_candidate(host.plugin_dirs, name, host.ops_group); });
    if (!file) return file.error();
    const auto vouched = timed(timing.pin, [&] { return check_pin(*file, policy, host); });
    if (!vouched) return vouched.error();
    auto checked = timed(timing.gate, [&] { return check_candidate(*file, policy); });
    if (!checked) return checked.error();
    auto image = timed(timing.store, [&] { return store_->put(*file, std::move(*checked)); });
    if (!image) return image.error();
    if (const auto died = died_loading((*image)->stored.parent_path(), (*image)->content_hash))
      return refusal((*image)->source.string() + ": refused (crash): " + *died);
    const auto tried = timed(timing.canary, [&] { return try_out(**image, host, policy, timing); });
    if (!tried) return tried.error();
    return image;
  }

  result<void> try_out(const plugin_image& image, const host_settings& host, const plugin_policy& policy,
                       admission_timing& timing) {
    if (host.canary == "off") {
      std::call_once(warned_, [&] {
        logger_->warn(
            "[host] canary = \"off\": plugins are loaded without having been tried out in a child process; one "
            "that crashes takes the host with it");
      });
      return {};
    }
    const auto program = find_canary(host.canary, embedded_);
    if (!program) {
      auto missing = program.error();
      missing.operator_detail = image.source.string() + ": refused (canary): " + missing.operator_detail;
      return missing;
    }
    const canary_key key{.content_hash = image.content_hash, .program = *program, .limits = limits_for(policy)};
    const auto answer = memory_.recall(key, image.stored.parent_path(), [&] {
      const place_among running(running_);
      ++canaries_;
      return run_canary(key.program, image.stored, key.limits);
    });
    timing.remembered = answer.remembered;
    if (!answer.found) return answer.found.error();
    timing.report = *answer.found;
    return judged(image, *answer.found, answer.remembered);
  }

  canary_limits limits_for(const plugin_policy& policy) const {
    auto limits = limits_;
    limits.resident = policy.allow_resident;
    return limits;
  }

  result<void> judged(const plugin_image& image, const canary_report& found, bool remembered) const {
    if (found.refusal.empty()) {
      if (!remembered) {
        logger_->info("plugin {} {} ({}) passed the canary in {:.1f} ms", image.name, image.manifest.version,
                      image.content_hash.substr(0, 12), std::chrono::duration<double, std::milli>(found.total).count());
      }
      return {};
    }
    auto why = image.source.string() + ": refused (canary): " + found.refusal;
    if (remembered)
      why += " (found earlier for the same bytes" + std::string(found.lasting ? ")" : "; a restart tries again)");
    return refusal(std::move(why));
  }

  const std::shared_ptr<plugin_store> store_;
  const std::filesystem::path embedded_;
  const std::shared_ptr<spdlog::logger> logger_;
  const canary_limits limits_;
  canary_memory memory_;
  places running_{children_at_a_time};
  std::atomic<std::uint64_t> canaries_{0};
  std::once_flag warned_;
  mutable std::mutex mutex_;
  admission_timing timing_;
};

}  // namespace

std::shared_ptr<admission> admission::make(std::shared_ptr<plugin_store> store, std::filesystem::path canary,
                                           std::shared_ptr<spdlog::logger> logger, canary_limits limits) {
  return std::make_shared<checked_admission>(std::move(store), std::move(canary), std::move(logger), limits);
}

result<std::filesystem::path> find_canary(const std::string& configured, const std::filesystem::path& embedded) {
  std::string looked;
  std::vector<std::filesystem::path> places;
  if (!configured.empty()) {
    places.emplace_back(configured);
  } else if (!embedded.empty()) {
    places.push_back(embedded);
  } else {
    std::error_code code;
    const auto beside = std::filesystem::read_symlink("/proc/self/exe", code).parent_path();
    if (code) looked = "the host's own directory, which /proc/self/exe does not tell (is /proc mounted?)";
    if (!code) places.push_back(beside / program_name);
    if (!code) places.push_back((beside.parent_path() / "libexec/tenon") / program_name);
    places.emplace_back(TENON_CANARY_INSTALLED);
  }
  for (const auto& place : places) {
    if (executable(place)) return {boost::system::in_place_value, place};
    looked += (looked.empty() ? "" : ", ") + place.string();
  }
  return refusal(
      "expected the program tenon-canary, which tries plugins out before the host loads them, found none at " + looked +
      "; install it, or name it in [host] canary; canary = \"off\" goes without");
}

}  // namespace tenon
