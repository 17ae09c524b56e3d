#pragma once

#include <tenon/sdk/testing/fake_call.hpp>
#include <tenon/sdk/testing/fake_http.hpp>
#include <tenon/sdk/testing/memory_store.hpp>
#include <tenon/sdk/text.hpp>

#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace tenon::sdk::testing {

/// A host for unit tests: one platform of the plugin that is linked into the program (or of any other entry), no
/// threads, no network, and a clock that stands still until the test moves it.
///
///     fake_host host;
///     host.settings({{"network_code", "123"}}).secret("api_key", "k-1");
///     host.on_http([](const seen_request&) { return scripted_answer(200, "{}"); });
///     REQUIRE(host.create().ok());
///     fake_reply reply = host.ask("get_products", {{"brief", "sports"}});
///
/// It keeps the promises of tenon/abi/host.h: an operation completes once, never before the entry that started it has
/// returned, and with CLOSING before destroy(). It does not check settings against the schema, nor the origins of
/// requests: a host does.
///
/// Lifetime    Destroys the platform if the test has not.
/// Threads     One.
class fake_host {
 public:
  using http_handler = std::function<scripted_answer(const seen_request&)>;
  /// Gets algorithm, key and data; nothing back means that the key is no key.
  using sign_handler = std::function<std::optional<std::string>(std::string_view, std::string_view, std::string_view)>;
  /// Gets algorithm and data.
  using hash_handler = std::function<std::string(std::string_view, std::string_view)>;

  /// A call in progress.
  class pending {
   public:
    pending(fake_host& host, tenon_token token) noexcept : host_(&host), token_(token) {}

    bool done() const { return host_->tokens_.at(token_).has_value(); }
    const fake_reply& reply() const {
      if (!done())
        throw std::logic_error("the call has not ended: run() or advance() the fake host, or expect it to be open");
      return *host_->tokens_.at(token_);
    }
    /// Tells the plugin that the answer is no longer wanted.
    void cancel() { host_->cancel_call(token_); }

   private:
    fake_host* host_;
    tenon_token token_;
  };

  explicit fake_host(const tenon_plugin& plugin = tenon_plugin_entry) : plugin_(plugin) {
    if (platforms_of(plugin)++ == 0 && plugin_.init(&functions_) != TENON_OK) {
      throw std::runtime_error("the plugin's init() refused");
    }
  }
  fake_host(const fake_host&) = delete;
  fake_host& operator=(const fake_host&) = delete;
  ~fake_host() {
    destroy();
    if (--platforms_of(plugin_) == 0) plugin_.deinit();
  }

  // What the platform is built from, before create().
  fake_host& tenant(std::string id) { return tenant_ = std::move(id), *this; }
  fake_host& settings(json::object values) { return settings_ = std::move(values), *this; }
  fake_host& specialisms(json::array names) { return specialisms_ = std::move(names), *this; }
  /// What the platform before it handed over.
  fake_host& inherited(json::object left) { return inherited_ = std::move(left), *this; }
  /// A secret, with the JSON pointers that the manifest lists as readable.
  fake_host& secret(std::string name, std::string text, std::vector<std::string> readable = {}) {
    secrets_.insert_or_assign(std::move(name), stored_secret(std::move(text), std::move(readable)));
    return *this;
  }

  /// What the tenant keeps, shared with other fake hosts: a platform after it, say. Outlives this host.
  fake_host& store(memory_store& kept) { return store_ = &kept, *this; }
  const memory_store& stored() const noexcept { return *store_; }

  // What the world does, at any time.
  fake_host& on_http(http_handler handler) { return http_ = std::move(handler), *this; }
  fake_host& on_sign(sign_handler handler) { return sign_ = std::move(handler), *this; }
  fake_host& on_hash(hash_handler handler) { return hash_ = std::move(handler), *this; }
  fake_host& wall_clock(std::chrono::system_clock::time_point now) {
    return wall_offset_ = std::chrono::nanoseconds(now.time_since_epoch()) - now_, *this;
  }

  /// Builds the platform and runs until nothing is due: its handshake's answer.
  fake_reply create();
  /// Likewise without running: for a test of what happens during the handshake.
  pending start_create();

  /// Starts a task. It may have ended at once; else run().
  pending call(std::string_view task, const json::object& request = {}, const call_options& options = call_options());
  /// Starts a task, runs until nothing is due, and gives its answer.
  fake_reply ask(std::string_view task, const json::object& request = {}, const call_options& options = call_options());

  /// As a reload asks a successor whether it is well, and the platform before it what it leaves. A plugin without the
  /// interface answers UNSUPPORTED.
  fake_reply check_health();
  fake_reply hand_over();

  /// Completes what is due, until nothing is.
  void run() { advance(std::chrono::nanoseconds(0)); }
  /// Moves the clock, completing what becomes due on the way at its time.
  void advance(std::chrono::nanoseconds by);

  /// Ends the platform as a host does, whatever is open. Idempotent.
  void destroy();

  // What the plugin did.
  const std::vector<seen_request>& http_requests() const noexcept { return requests_; }
  const std::vector<std::string>& log_lines() const noexcept { return log_; }  ///< "info: text"
  std::size_t open_operations() const noexcept { return operations_.size(); }
  /// Of tokens that were unknown or answered.
  std::size_t stray_completions() const noexcept { return stray_completions_; }

 private:
  struct stored_secret {
    std::string text;
    std::vector<std::string> readable;
    stored_secret(std::string text_, std::vector<std::string> readable_)
        : text(std::move(text_)), readable(std::move(readable_)) {}
  };

  struct open_operation {
    std::chrono::nanoseconds due;
    std::function<void(tenon_status, tenon_op)> complete;
    tenon_status status = TENON_OK;
  };

  /// The frame below which the plugin may call the host.
  template <class Body>
  auto enter(Body body) {
    ++entered_;
    struct leave {
      fake_host& host;
      ~leave() { --host.entered_; }
    } const on_return{*this};
    return body();
  }

  /// Enters the plugin with a new token; a refusal is its answer.
  template <class Entry>
  pending open(Entry entry);
  void cancel_call(tenon_token token);
  fake_reply ask_interface(tenon_status (*question)(tenon_instance*, tenon_token));
  tenon_status start_operation(std::chrono::nanoseconds delay, std::function<void(tenon_status, tenon_op)> complete,
                               tenon_op* id);
  void complete_operation(tenon_op id, tenon_status status);
  std::optional<scripted_answer> exchange(const tenon_http_request& request);
  /// The text at a pointer of a secret, or nothing.
  std::optional<std::string> text_at(tenon_str secret, tenon_str pointer) const;

  static fake_host& of(tenon_ctx* ctx) noexcept { return *reinterpret_cast<fake_host*>(ctx); }
  tenon_ctx* ctx() noexcept { return reinterpret_cast<tenon_ctx*>(this); }

  static tenon_status complete(tenon_ctx* ctx, tenon_token token, const tenon_reply* reply) noexcept;
  static const void* get_service(tenon_str name_revision) noexcept;
  static void cancel(tenon_ctx* ctx, tenon_op op) noexcept;
  static void write_log(tenon_ctx* ctx, std::int32_t level, tenon_str text) noexcept;
  static std::uint64_t steady_ns(tenon_ctx* ctx) noexcept;
  static std::int64_t wall_ns(tenon_ctx* ctx) noexcept;
  static tenon_status start_timer(tenon_ctx* ctx, std::uint64_t delay_ns, tenon_timer_fn done, void* user,
                                  tenon_op* op) noexcept;
  static tenon_status start_http(tenon_ctx* ctx, const tenon_http_request* request, tenon_http_fn done, void* user,
                                 tenon_op* op) noexcept;
  static tenon_status wait_http(tenon_ctx* ctx, const tenon_http_request* request, tenon_http_fn done,
                                void* user) noexcept;
  static tenon_status sign(tenon_ctx* ctx, tenon_str algorithm, tenon_str secret, tenon_str pointer, tenon_str data,
                           tenon_bytes_fn done, void* user, tenon_op* op) noexcept;
  static tenon_status hash(tenon_ctx* ctx, tenon_str algorithm, tenon_str data, void* out,
                           std::uint64_t* size) noexcept;
  static tenon_status random(tenon_ctx* ctx, void* out, std::uint64_t size) noexcept;
  static tenon_status read_secret(tenon_ctx* ctx, tenon_str name, tenon_str pointer, char* out,
                                  std::uint64_t* size) noexcept;

  static tenon_status acquire_turn(tenon_ctx* ctx, const tenon_turn* turn, tenon_turn_fn done, void* user,
                                   tenon_op* op) noexcept;
  static tenon_status get_entry(tenon_ctx* ctx, tenon_str key, tenon_store_fn done, void* user, tenon_op* op) noexcept;
  static tenon_status list_entries(tenon_ctx* ctx, tenon_str prefix, tenon_str after, std::uint32_t limit,
                                   tenon_store_fn done, void* user, tenon_op* op) noexcept;
  static tenon_status write_entries(tenon_ctx* ctx, const tenon_store_write* writes, std::uint64_t count,
                                    tenon_store_fn done, void* user, tenon_op* op) noexcept;
  static tenon_status submit(tenon_ctx* ctx, tenon_token token, const tenon_submission* submission) noexcept;
  static tenon_status hold_turns(tenon_ctx* ctx, tenon_str key, std::uint64_t delay_ns) noexcept;

  /// How many fake hosts use a plugin: the first initialises it, the last one de-initialises it.
  static int& platforms_of(const tenon_plugin& plugin) {
    static std::map<const tenon_plugin*, int> counts;
    return counts[&plugin];
  }

  static const tenon_host functions_;

  const tenon_plugin& plugin_;
  tenon_instance* instance_ = nullptr;
  std::string tenant_ = "acme";
  json::object settings_;
  json::array specialisms_;
  json::object inherited_;
  std::map<std::string, stored_secret, std::less<>> secrets_;
  http_handler http_;
  sign_handler sign_;
  hash_handler hash_;

  std::chrono::nanoseconds now_ = std::chrono::hours(1);
  std::chrono::nanoseconds wall_offset_ = std::chrono::hours(24 * 365 * 50);
  std::map<tenon_token, std::optional<fake_reply>> tokens_;
  std::map<tenon_op, open_operation> operations_;
  tenon_token last_token_ = 0;
  tenon_op last_operation_ = 0;
  int entered_ = 0;
  bool blocking_ = false;
  bool closing_ = false;
  std::uint64_t random_state_ = 1;

  /// As the host's limiter/1 has it, but a turn that is given stands, whatever is held or cancelled later.
  struct bucket {
    std::chrono::nanoseconds paid{0}, held{0}, last{0};
  };
  std::map<std::string, bucket> buckets_;
  memory_store own_store_;
  memory_store* store_ = &own_store_;

  std::vector<seen_request> requests_;
  std::vector<std::string> log_;
  std::size_t stray_completions_ = 0;
};

}  // namespace tenon::sdk::testing

#include <tenon/sdk/testing/detail/fake_host.ipp>
