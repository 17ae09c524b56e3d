#include "platform/platform_shell.hpp"
#include "platform/reply_mapping.hpp"
#include "platform/retirement.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <mutex>
#include <optional>
#include <utility>

namespace tenon {
namespace asio = boost::asio;
namespace {

constinit std::atomic<std::uint64_t> last_instance{0};

/// What a build hands out. Its end only signals: the shell retires on its own.
class built_platform final : public plugin_platform {
 public:
  built_platform(std::shared_ptr<platform_shell> shell, std::string secrets_print, build_timing timing)
      : shell_(std::move(shell)),
        alive_(shell_->environment().retiring),
        instance_(++last_instance),
        secrets_print_(std::move(secrets_print)),
        timing_(timing) {}
  ~built_platform() override {
    const auto grace = shell_->environment().retire_grace;
    retire(std::move(shell_), grace);
  }

  bool implements(std::string_view task) const noexcept override {
    return shell_->image().manifest.find_task(task) != nullptr;
  }
  void start(call_request request, reply_handler done) override { shell_->start(std::move(request), std::move(done)); }
  const plugin_image& image() const noexcept override { return shell_->image(); }
  std::uint64_t instance() const noexcept override { return instance_; }
  const std::string& secrets_print() const noexcept override { return secrets_print_; }
  build_timing timing() const noexcept override { return timing_; }
  platform_counters counters() const override { return shell_->counters(); }
  void hand_over(inheritance_handler done) override {
    const auto code = shell_->code();
    if (!code || code->interfaces().handover == nullptr) return done(nullptr);
    shell_->hand_over(std::move(done));
  }

 private:
  std::shared_ptr<platform_shell> shell_;
  platform_ticket alive_;  ///< until the retirement holds one of its own
  const std::uint64_t instance_;
  const std::string secrets_print_;
  const build_timing timing_;
};

error wrong_settings(const platform_recipe& recipe, const std::vector<std::string>& findings) {
  std::string all;
  for (const auto& finding : findings) all += (all.empty() ? "" : "; ") + finding;
  return account_misconfigured("tenant " + recipe.tenant + ", plugin " + recipe.image->name + ": " + all);
}

error unavailable(std::string why) {
  return make_error("SERVICE_UNAVAILABLE", "The service is not available at the moment.", std::move(why));
}

/// One build, from the recipe to the answer. Every step runs on its own strand, so the first end wins: the error of a
/// step, the timeout, the stop, or success. What was half built then is retired at once.
class platform_build : public std::enable_shared_from_this<platform_build> {
 public:
  platform_build(std::shared_ptr<const platform_environment> environment, platform_recipe recipe, std::stop_token stop,
                 plugin_platform_handler done)
      : environment_(std::move(environment)),
        recipe_(std::move(recipe)),
        stop_(std::move(stop)),
        done_(std::move(done)),
        on_step_(std::move(recipe_.on_step)),
        alive_(environment_->retiring),
        strand_(environment_->executor),
        timer_(std::in_place, environment_->executor) {}

  void start() {
    reach(build_step::settings);
    const auto findings = check_settings(recipe_.image->manifest.settings_schema, recipe_.settings);
    if (!findings.empty()) return finish(wrong_settings(recipe_, findings));
    if (stop_.stop_requested()) return finish(unavailable("the build was not wanted any more"));
    recipe_.settings = with_defaults(recipe_.image->manifest.settings_schema, std::move(recipe_.settings));

    timer_->expires_after(environment_->build_timeout);
    timer_->async_wait(
        asio::bind_executor(*strand_, [self = shared_from_this()](const boost::system::error_code& failed) {
          if (!failed) self->on_timeout();
        }));
    on_stop_.emplace(stop_, stop_signaller{weak_from_this()});
    if (!recipe_.read_secrets) return load();
    reach(build_step::secrets);
    asio::post(environment_->blocking_of(recipe_.tenant), [self = shared_from_this()]() mutable {
      auto read = self->recipe_.read_secrets();
      const auto strand = self->still_wanted();
      if (!strand) return;
      asio::post(*strand,
                 [self = std::move(self), read = std::move(read)]() mutable { self->on_secrets(std::move(read)); });
    });
  }

  const platform_strand& strand() const noexcept { return *strand_; }

 private:
  void reach(build_step next) const {
    if (on_step_) on_step_(next);
  }

  /// The strand, unless the build is over. Then the executor may be gone, whatever thread still works for the build.
  std::optional<platform_strand> still_wanted() const {
    const std::lock_guard lock(mutex_);
    return strand_;
  }

  void on_secrets(result<std::shared_ptr<const secret_texts>> read) {
    if (!done_) return;
    if (!read) return finish(read.error());
    recipe_.secrets = std::move(*read);
    load();
  }

  void load() {
    reach(build_step::load);
    begun_ = environment_->time->steady_now();
    auto done = [self = shared_from_this(),
                 ticket = platform_ticket(environment_->retiring)](result<std::shared_ptr<library>> loaded) mutable {
      leave_loader(std::move(self), {std::move(ticket), std::move(loaded)});
    };
    environment_->loader->load(recipe_.image, recipe_.isolate ? recipe_.tenant : std::string(), std::move(done));
  }

  /// What the loader gave, counted until it is taken or let go: a build that ends meanwhile leaves a library behind
  /// that a shutdown has to wait for. The library goes first.
  struct loading {
    platform_ticket ticket;
    result<std::shared_ptr<library>> code;
  };

  struct stop_signaller {
    std::weak_ptr<platform_build> build;
    void operator()() const {
      const auto self = build.lock();
      const auto strand = self ? self->still_wanted() : std::nullopt;
      if (!strand) return;
      asio::post(*strand, [self] { self->finish(unavailable("the build was not wanted any more")); });
    }
  };

  /// [loader or this build's] Takes the build along: its timer and strand must not be left to a thread that does not
  /// belong to the executor.
  static void leave_loader(std::shared_ptr<platform_build> build, loading loaded) {
    if (!build->still_wanted()) return;
    const auto executor = build->environment_->executor;
    asio::post(executor, [build = std::move(build), loaded = std::move(loaded)]() mutable {
      const auto strand = build->still_wanted();
      if (!strand) return;
      asio::dispatch(*strand, [build = std::move(build), loaded = std::move(loaded)]() mutable {
        build->on_loaded(std::move(loaded));
      });
    });
  }

  void on_loaded(loading loaded) {
    if (!done_) return;
    loaded_ = environment_->time->steady_now();
    if (!loaded.code) return finish(loaded.code.error());
    if (!recipe_.inherit) return create(std::move(*loaded.code));
    const auto inherit = std::move(recipe_.inherit);
    inherit(recipe_.secrets ? recipe_.secrets->print() : std::string(),
            [self = shared_from_this(), loaded = std::move(loaded)](inheritance left) mutable {
              const auto strand = self->still_wanted();
              if (!strand) return;
              asio::post(*strand,
                         [self = std::move(self), loaded = std::move(loaded), left = std::move(left)]() mutable {
                           if (!self->done_) return;
                           self->recipe_.inherited = std::move(left);
                           self->create(std::move(*loaded.code));
                         });
            });
  }

  void create(std::shared_ptr<library> code) {
    reach(build_step::create);
    const bool has_check = code->interfaces().health != nullptr;
    examined_ = recipe_.check_health && has_check;
    if (recipe_.secrets) secrets_print_ = recipe_.secrets->print();
    auto made = platform_shell::make(environment_, std::move(recipe_), std::move(code));
    if (!made) return finish(made.error());
    shell_ = std::move(*made);
    shell_->create([self = shared_from_this()](result<reply> ready) {
      const auto strand = self->still_wanted();
      if (!strand) return;
      asio::post(*strand, [self, ready = std::move(ready)]() mutable { self->on_ready(std::move(ready)); });
    });
  }

  void on_ready(result<reply> ready) {
    if (!done_) return;
    if (!ready) return finish(ready.error());
    // A plugin may have completed the token and then failed to hand out an instance.
    if (!shell_->created()) return finish(answer_no_instance());
    ready_ = environment_->time->steady_now();
    if (!examined_) return hand_out();
    reach(build_step::health);
    shell_->check_health([self = shared_from_this()](result<reply> found) {
      const auto strand = self->still_wanted();
      if (!strand) return;
      asio::post(*strand, [self, found = std::move(found)]() mutable {
        if (!self->done_) return;
        if (!found) return self->finish(found.error());
        self->hand_out();
      });
    });
  }

  void hand_out() {
    const build_timing timing{.load = loaded_ - begun_, .create = ready_ - loaded_};
    finish(std::shared_ptr<plugin_platform>(
        std::make_shared<built_platform>(std::move(shell_), std::move(secrets_print_), timing)));
  }

  void on_timeout() {
    const auto limit = std::to_string(environment_->build_timeout.count()) + " ms";
    if (shell_)
      return finish(
          unavailable("expected the plugin's create(), and its check of health if it has one, to end within " + limit +
                      ", they did not"));
    const bool reading = begun_ == steady_time();
    finish(unavailable(reading ? "expected the tenant's secrets to be read within " + limit + ", they were not"
                               : "expected the library to be loaded within " + limit + ", it was not"));
  }

  void finish(result<std::shared_ptr<plugin_platform>> outcome) {
    if (!done_) return;
    auto done = std::move(done_);
    done_ = {};
    on_stop_.reset();
    timer_.reset();
    {
      const std::lock_guard lock(mutex_);
      strand_.reset();
    }
    if (shell_) retire(std::move(shell_), std::chrono::milliseconds(0));
    done(std::move(outcome));
    [[maybe_unused]] const auto ended = std::move(alive_);
  }

  const std::shared_ptr<const platform_environment> environment_;
  platform_recipe recipe_;
  const std::stop_token stop_;
  plugin_platform_handler done_;
  const std::function<void(build_step)> on_step_;
  platform_ticket alive_;                  ///< until the outcome is handed out, or what was half built retires
  mutable std::mutex mutex_;               ///< of strand_
  std::optional<platform_strand> strand_;  ///< none: the build is over
  std::optional<asio::steady_timer> timer_;
  std::optional<std::stop_callback<stop_signaller>> on_stop_;
  std::shared_ptr<platform_shell> shell_;
  std::string secrets_print_;
  steady_time begun_;
  steady_time loaded_;
  steady_time ready_;
  bool examined_ = false;  ///< the plugin is asked whether the platform is well
};

}  // namespace

void build_plugin_platform(std::shared_ptr<const platform_environment> environment, platform_recipe recipe,
                           std::stop_token stop, plugin_platform_handler done) {
  auto build =
      std::make_shared<platform_build>(std::move(environment), std::move(recipe), std::move(stop), std::move(done));
  const auto strand = build->strand();
  asio::post(strand, [build = std::move(build)] { build->start(); });
}

}  // namespace tenon
