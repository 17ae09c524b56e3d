#include "plugin/handshake.hpp"
#include "plugin/library.hpp"
#include "plugin/loading_mark.hpp"
#include "plugin/mapping.hpp"
#include "plugin/refusal.hpp"
#include "plugin/stored_file.hpp"

#include <spdlog/spdlog.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include <pthread.h>

namespace tenon {
namespace {

using clock_type = std::chrono::steady_clock;

/// Contents that have run in this process and did not end it.
class survived_contents {
 public:
  bool contains(const std::string& content_hash) const {
    const std::scoped_lock lock(mutex_);
    return hashes_.contains(content_hash);
  }
  void add(const std::string& content_hash) {
    const std::scoped_lock lock(mutex_);
    hashes_.insert(content_hash);
  }

 private:
  mutable std::mutex mutex_;
  std::set<std::string> hashes_;
};

/// A plugin that has been asked who it is, and has accepted the host.
struct greeted {
  const tenon_plugin* entry;
  plugin_interfaces interfaces;
};

class loaded_library final : public library {
 public:
  loaded_library(std::uint64_t id, std::shared_ptr<const plugin_image> image, mapping mapped, const greeted& plugin,
                 std::unique_ptr<loading_mark> mark, std::shared_ptr<survived_contents> survived)
      : id_(id),
        image_(std::move(image)),
        mapped_(std::move(mapped)),
        entry_(*plugin.entry),
        interfaces_(plugin.interfaces),
        mark_(std::move(mark)),
        marked_(mark_ != nullptr),
        survived_(std::move(survived)) {}

  const plugin_image& image() const noexcept override { return *image_; }
  const tenon_plugin& entry() const noexcept override { return entry_; }
  plugin_interfaces interfaces() const noexcept override { return interfaces_; }

  std::uint64_t id() const noexcept { return id_; }
  mapping& mapped() noexcept { return mapped_; }

  void survived_create() noexcept override {
    if (!marked_.exchange(false)) return;
    mark_.reset();
    survived_->add(image_->content_hash);
  }

 private:
  std::uint64_t id_;
  std::shared_ptr<const plugin_image> image_;
  mapping mapped_;
  const tenon_plugin& entry_;           // constant data of the mapping
  const plugin_interfaces interfaces_;  // likewise
  std::unique_ptr<loading_mark> mark_;  // whoever takes the flag below may touch it
  std::atomic<bool> marked_;
  const std::shared_ptr<survived_contents> survived_;
};

std::string short_hash(const plugin_image& image) { return image.content_hash.substr(0, 12); }

double microseconds(std::chrono::nanoseconds time) { return std::chrono::duration<double, std::micro>(time).count(); }

bool keep_mapped_wanted() {
  const char* value = std::getenv("TENON_KEEP_MAPPED");
  return value && std::string_view(value) == "1";
}

/// What the loader thread and the references to libraries share. It outlives the loader: a reference may be dropped
/// after it.
class loading : public std::enable_shared_from_this<loading> {
 public:
  loading(const tenon_host& host, std::shared_ptr<spdlog::logger> logger)
      : host_(host), logger_(logger ? std::move(logger) : spdlog::default_logger()) {}

  void run();
  void request_stop(unique_function<void()> ended = {});

  /// Whether the thread has ended, or does so in time.
  bool ends_within(std::chrono::milliseconds patience);

  /// Queues work for the loader thread. False: it has ended, and the work is left to the caller.
  bool push(unique_function<void()>& work);

  result<std::shared_ptr<library>> load(const std::shared_ptr<const plugin_image>& image,
                                        const std::string& isolated_for);
  /// Another reference to what is loaded already, or null. Any thread: nothing is mapped or unmapped.
  result<std::shared_ptr<library>> find_loaded(const plugin_image& image, const std::string& isolated_for) const;
  void strand(const library& stuck, std::string reason);
  bool any_stranded() const;
  std::vector<library_status> status() const;
  std::uint64_t closed() const noexcept { return closed_; }
  load_timing last_timing() const;

 private:
  struct record {
    library_status shown;
    std::weak_ptr<library> alive;
    std::shared_ptr<const stored_file> file;  ///< kept from being trimmed for as long as it is mapped
    bool stranded = false;                    ///< never to be entered again, and never unmapped
  };

  result<std::shared_ptr<library>> load_fresh(const std::shared_ptr<const plugin_image>& image,
                                              const std::string& isolated_for);
  result<std::shared_ptr<const stored_file>> file_for(const plugin_image& image) const;
  result<greeted> accept(mapping& mapped, const plugin_image& image, const stored_file& file) const;
  result<greeted> shake_hands(const mapping& mapped, const plugin_image& image) const;
  void retire(std::unique_ptr<loaded_library> unreferenced);
  void close(std::unique_ptr<loaded_library> unreferenced);
  void settle(std::uint64_t id, mapping& mapped, const plugin_image& image);
  void collect_zombies();
  bool is_stranded(std::uint64_t id) const;
  void forget(std::uint64_t id);

  const tenon_host& host_;
  const std::shared_ptr<spdlog::logger> logger_;

  // For LeakSanitizer, which names a leak's functions only while their library is mapped (TENON_KEEP_MAPPED=1).
  const bool keep_mapped_ = keep_mapped_wanted();
  const std::shared_ptr<survived_contents> survived_ = std::make_shared<survived_contents>();

  std::atomic<std::uint64_t> closed_{0};

  mutable std::mutex mutex_;  // for all below; never held while plugin code, a logger or the dynamic loader runs
  std::condition_variable wake_;
  std::deque<unique_function<void()>> queue_;
  bool stopping_ = false;
  bool ended_ = false;
  std::condition_variable gone_;
  std::vector<unique_function<void()>> on_end_;
  std::uint64_t next_id_ = 1;
  std::map<std::uint64_t, record> records_;
  load_timing timing_;
};

void loading::run() {
  ::pthread_setname_np(::pthread_self(), "tenon-loader");
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) break;
    auto work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    work();
    work = {};  // what it refers to goes without the lock, and may queue more
    lock.lock();
  }
  ended_ = true;
  gone_.notify_all();
  auto told = std::exchange(on_end_, {});
  lock.unlock();
  for (auto& ended : told) ended();
}

void loading::request_stop(unique_function<void()> ended) {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  wake_.notify_all();
  if (!ended) return;
  if (!ended_) return on_end_.push_back(std::move(ended));
  lock.unlock();
  ended();
}

bool loading::ends_within(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  return gone_.wait_for(lock, patience, [this] { return ended_; });
}

bool loading::push(unique_function<void()>& work) {
  const std::scoped_lock lock(mutex_);
  if (ended_) return false;
  queue_.push_back(std::move(work));
  wake_.notify_one();
  return true;
}

result<std::shared_ptr<library>> loading::find_loaded(const plugin_image& image,
                                                      const std::string& isolated_for) const {
  const std::scoped_lock lock(mutex_);
  if (stopping_) return make_error("SERVICE_UNAVAILABLE", "The service is shutting down.");
  for (const auto& [id, record] : records_) {
    if (record.stranded || record.shown.content_hash != image.content_hash || record.shown.isolated_for != isolated_for)
      continue;
    if (auto live = record.alive.lock()) return live;
  }
  return std::shared_ptr<library>();
}

result<std::shared_ptr<library>> loading::load(const std::shared_ptr<const plugin_image>& image,
                                               const std::string& isolated_for) {
  if (auto found = find_loaded(*image, isolated_for); !found || *found) return found;
  auto loaded = load_fresh(image, isolated_for);
  if (!loaded) {
    logger_->warn("plugin {} {} ({}) refused: {}", image->name, image->manifest.version, short_hash(*image),
                  loaded.error().operator_detail);
  }
  return loaded;
}

/// A generation of these bytes that is still mapped (a zombie, or one about to close) would answer for its path.
result<std::shared_ptr<const stored_file>> loading::file_for(const plugin_image& image) const {
  const auto mapped = loaded_paths((image.stored.parent_path() / image.stored.stem()).native());
  auto taken = take_file_to_map(image, [&](const std::string& path) { return mapped.contains(path); });
  if (!taken) return taken.error();
  if (taken->restored) {
    logger_->warn(
        "plugin {} {} ({}): {} was changed or gone since it was stored, and is written anew; see who writes "
        "to the store",
        image.name, image.manifest.version, short_hash(image), taken->file->path().string());
  }
  return std::move(taken->file);
}

/// Whether what was mapped is what was asked for, and wants to run here. What is refused has run already.
result<greeted> loading::accept(mapping& mapped, const plugin_image& image, const stored_file& file) const {
  if (const auto checked = mapped.check(); !checked) return checked.error();
  // Between the last look at the bytes and the map lies an instant.
  if (!file.touched() || file.stands()) return shake_hands(mapped, image);
  return refusal(file.path().string() + ": the stored copy was changed while it was loaded: expected SHA-256 " +
                 image.content_hash + "; see who writes to the store, and reload");
}

result<std::shared_ptr<library>> loading::load_fresh(const std::shared_ptr<const plugin_image>& image,
                                                     const std::string& isolated_for) {
  // A zombie that somebody else's dlclose() took along leaves its path free: whoever gets that is not its proof.
  collect_zombies();
  const auto file = file_for(*image);
  if (!file) return file.error();
  auto mark = survived_->contains(image->content_hash) ? nullptr : loading_mark::set(*image);
  const auto started = clock_type::now();
  auto mapped = mapping::open((*file)->path());
  const auto mapped_at = clock_type::now();
  if (!mapped) return mapped.error();
  const auto entry = accept(*mapped, *image, **file);
  const load_timing timing{.map = mapped_at - started, .handshake = clock_type::now() - mapped_at};

  std::unique_lock lock(mutex_);
  const auto id = next_id_++;
  auto& made = records_[id];
  made.file = *file;
  made.shown = {.plugin = image->name,
                .version = image->manifest.version,
                .content_hash = image->content_hash,
                .path = (*file)->path(),
                .state = "loaded",
                .platforms = 0,
                .writable_bytes = image->gate.writable_bytes,
                .isolated_for = isolated_for,
                .cause = {},
                .reason = {}};
  if (!entry) {
    lock.unlock();
    settle(id, *mapped, *image);
    return entry.error();
  }
  timing_ = timing;
  lock.unlock();

  auto* raw = new loaded_library(id, image, std::move(*mapped), *entry, std::move(mark), survived_);
  std::shared_ptr<library> loaded(raw, [self = shared_from_this()](library* unreferenced) {
    self->retire(std::unique_ptr<loaded_library>(static_cast<loaded_library*>(unreferenced)));
  });
  lock.lock();
  records_[id].alive = loaded;
  lock.unlock();
  logger_->info("plugin {} {} ({}) loaded: map {:.0f} us, handshake {:.0f} us", image->name, image->manifest.version,
                short_hash(*image), microseconds(timing.map), microseconds(timing.handshake));
  return loaded;
}

result<greeted> loading::shake_hands(const mapping& mapped, const plugin_image& image) const {
  const auto entry = check_entry(mapped, image.manifest);
  if (!entry) return entry.error();
  const auto status = (*entry)->init(&host_);
  if (status == TENON_OK) {
    const auto interfaces = ask_interfaces(mapped, image.manifest, **entry);
    if (interfaces) return greeted{.entry = *entry, .interfaces = *interfaces};
    (*entry)->deinit();
    return interfaces.error();
  }
  return refusal(mapped.path().string() + ": init() of " + image.manifest.id + " answered status " +
                 std::to_string(status) + ", expected TENON_OK (0); the plugin does not accept this host");
}

// Any thread: the last reference went.
void loading::retire(std::unique_ptr<loaded_library> unreferenced) {
  const auto id = unreferenced->id();
  {
    // A weak reference holds the deleter, and the deleter holds us: not one may stay behind.
    const std::scoped_lock lock(mutex_);
    records_.at(id).alive.reset();
  }
  unique_function<void()> work = [self = shared_from_this(), unreferenced = std::move(unreferenced)]() mutable {
    self->close(std::move(unreferenced));
  };
  if (push(work)) return;
  // Nobody is left to unmap it in order: the work goes, and its mapping stays.
  const std::scoped_lock lock(mutex_);
  auto& left = records_.at(id);
  if (left.stranded) return;  // the thread inside is why
  auto& shown = left.shown;
  shown.state = "zombie";
  shown.cause = "handle";
  shown.reason = "its last user outlived the loader; destroy platforms before the host stops";
}

void loading::close(std::unique_ptr<loaded_library> unreferenced) {
  const auto id = unreferenced->id();
  if (is_stranded(id)) return;
  unreferenced->entry().deinit();
  if (keep_mapped_) {
    ++closed_;  // first: who sees it gone may ask how many there were
    forget(id);
    return;
  }
  settle(id, unreferenced->mapped(), unreferenced->image());
  collect_zombies();
}

/// Unmaps, looks whether it is gone, and says so.
void loading::settle(std::uint64_t id, mapping& mapped, const plugin_image& image) {
  const auto started = clock_type::now();
  if (!mapped.close()) {
    auto [cause, reason] = why_pinned(mapped.path());
    logger_->warn("plugin {} {} ({}) stays mapped ({}): {}", image.name, image.manifest.version, short_hash(image),
                  cause, reason);
    const std::scoped_lock lock(mutex_);
    auto& zombie = records_[id].shown;
    zombie.state = "zombie";
    zombie.cause = std::move(cause);
    zombie.reason = std::move(reason);
    return;
  }
  ++closed_;
  forget(id);
  logger_->info("plugin {} {} ({}) closed in {:.0f} us", image.name, image.manifest.version, short_hash(image),
                microseconds(clock_type::now() - started));
}

/// Some zombies, as those with pending thread-local destructors, can be unmapped later.
void loading::collect_zombies() {
  std::vector<std::pair<std::uint64_t, library_status>> zombies;
  {
    const std::scoped_lock lock(mutex_);
    for (const auto& [id, record] : records_) {
      if (record.shown.state == "zombie" && !record.stranded) zombies.emplace_back(id, record.shown);
    }
  }
  for (const auto& [id, zombie] : zombies) {
    if (!collect(zombie.path)) continue;
    ++closed_;
    forget(id);
    logger_->info("plugin {} {} ({}) closed, late", zombie.plugin, zombie.version, zombie.content_hash.substr(0, 12));
  }
}

bool loading::is_stranded(std::uint64_t id) const {
  const std::scoped_lock lock(mutex_);
  return records_.at(id).stranded;
}

void loading::forget(std::uint64_t id) {
  decltype(records_)::node_type gone;  // its file is let go of outside
  const std::scoped_lock lock(mutex_);
  gone = records_.extract(id);
}

void loading::strand(const library& stuck, std::string reason) {
  const auto& image = stuck.image();
  logger_->warn("plugin {} {} ({}) stays mapped: {}", image.name, image.manifest.version, short_hash(image), reason);
  const std::scoped_lock lock(mutex_);
  auto& record = records_.at(static_cast<const loaded_library&>(stuck).id());
  record.stranded = true;
  record.shown.state = "zombie";
  record.shown.cause = "thread";
  record.shown.reason = std::move(reason);
}

bool loading::any_stranded() const {
  const std::scoped_lock lock(mutex_);
  return std::ranges::any_of(records_, [](const auto& each) { return each.second.stranded; });
}

std::vector<library_status> loading::status() const {
  std::vector<library_status> all;
  const std::scoped_lock lock(mutex_);
  for (const auto& [id, record] : records_) {
    auto& shown = all.emplace_back(record.shown);
    shown.platforms = static_cast<std::uint32_t>(record.alive.use_count());
    if (shown.state == "loaded" && shown.platforms == 0) shown.state = "draining";
  }
  return all;
}

load_timing loading::last_timing() const {
  const std::scoped_lock lock(mutex_);
  return timing_;
}

class loader_thread final : public loader {
 public:
  loader_thread(const tenon_host& host, std::shared_ptr<spdlog::logger> logger)
      : loading_(std::make_shared<loading>(host, std::move(logger))), thread_([shared = loading_] { shared->run(); }) {}

  ~loader_thread() override {
    // The last reference may go in work that the thread runs: then it finishes its queue on its own. So does a thread
    // that is stuck in a plugin, should it ever return.
    constexpr std::chrono::seconds patience{5};
    loading_->request_stop();
    if (!thread_.joinable()) return;
    if (thread_.get_id() == std::this_thread::get_id() || !loading_->ends_within(patience)) thread_.detach();
  }

  void load(std::shared_ptr<const plugin_image> image, std::string isolated_for, library_handler done) override {
    // The thread may be in a constructor of another plugin: who needs no code mapped does not wait for that.
    if (auto found = loading_->find_loaded(*image, isolated_for); !found || *found) return done(std::move(found));
    auto handler = std::make_shared<library_handler>(std::move(done));
    unique_function<void()> work = [shared = loading_, image = std::move(image), isolated_for = std::move(isolated_for),
                                    handler] { (*handler)(shared->load(image, isolated_for)); };
    if (!loading_->push(work)) (*handler)(make_error("SERVICE_UNAVAILABLE", "The service is shutting down."));
  }

  bool post(unique_function<void()> work) override { return loading_->push(work); }

  void strand(std::shared_ptr<library> stuck, std::string reason) override {
    loading_->strand(*stuck, std::move(reason));
  }

  std::vector<library_status> status() const override { return loading_->status(); }
  std::uint64_t closed() const noexcept override { return loading_->closed(); }
  load_timing last_timing() const noexcept override { return loading_->last_timing(); }
  bool any_stranded() const override { return loading_->any_stranded(); }
  void request_stop(unique_function<void()> ended) override { loading_->request_stop(std::move(ended)); }

  std::vector<library_status> stop() override {
    loading_->request_stop();
    const std::scoped_lock lock(joining_);
    if (thread_.joinable() && thread_.get_id() != std::this_thread::get_id()) thread_.join();
    return status();
  }

 private:
  const std::shared_ptr<loading> loading_;
  std::mutex joining_;
  std::jthread thread_;
};

}  // namespace

std::shared_ptr<loader> loader::make(const tenon_host& host, std::shared_ptr<spdlog::logger> logger) {
  return std::make_shared<loader_thread>(host, std::move(logger));
}

}  // namespace tenon
