// The definitions of fake_host.hpp.
#pragma once

#include <algorithm>
#include <cstring>

namespace tenon::sdk::testing {

inline fake_reply fake_host::create() {
  const pending opening = start_create();
  run();
  return opening.reply();
}

inline fake_host::pending fake_host::start_create() {
  if (instance_ != nullptr) throw std::logic_error("a fake host has one platform: destroy() it before create()");
  closing_ = false;
  const std::string settings = json::serialize(settings_);
  const std::string specialisms = json::serialize(specialisms_);
  const std::string inherited = inherited_.empty() ? std::string() : json::serialize(inherited_);
  tenon_create arguments{};
  arguments.struct_size = sizeof arguments;
  arguments.tenant = detail::to_abi(tenant_);
  arguments.settings = detail::to_abi(settings);
  arguments.specialisms = detail::to_abi(specialisms);
  arguments.inherited = detail::to_abi(inherited);
  return open([&](tenon_token token) {
    const auto status = plugin_.create(ctx(), &arguments, token, &instance_);
    if (status != TENON_OK) instance_ = nullptr;
    return status;
  });
}

inline fake_host::pending fake_host::call(std::string_view task, const json::object& request,
                                          const call_options& options) {
  if (instance_ == nullptr) throw std::logic_error("there is no platform to call: create() it first");
  const std::string body = json::serialize(request);
  const tenon_call arguments = options.to_abi(tenant_, task, body);
  blocking_ = options.is_blocking();
  const pending asked = open([&](tenon_token token) { return plugin_.call(instance_, token, &arguments); });
  blocking_ = false;
  return asked;
}

template <class Entry>
fake_host::pending fake_host::open(Entry entry) {
  const tenon_token token = ++last_token_;
  tokens_.emplace(token, std::nullopt);
  const tenon_status status = enter([&] { return entry(token); });
  if (status != TENON_OK && !tokens_[token]) tokens_[token].emplace(status);
  return pending(*this, token);
}

inline fake_reply fake_host::ask(std::string_view task, const json::object& request, const call_options& options) {
  const pending asked = call(task, request, options);
  run();
  return asked.reply();
}

inline fake_reply fake_host::check_health() {
  const auto* const health = static_cast<const tenon_health_1*>(plugin_.get_interface(detail::to_abi("health/1")));
  return ask_interface(health == nullptr ? nullptr : health->check);
}

inline fake_reply fake_host::hand_over() {
  const auto* const handover =
      static_cast<const tenon_handover_1*>(plugin_.get_interface(detail::to_abi("handover/1")));
  return ask_interface(handover == nullptr ? nullptr : handover->give);
}

inline fake_reply fake_host::ask_interface(tenon_status (*question)(tenon_instance*, tenon_token)) {
  if (instance_ == nullptr) throw std::logic_error("there is no platform to ask: create() it first");
  if (question == nullptr) return fake_reply(TENON_E_UNSUPPORTED);
  const pending asked = open([&](tenon_token token) { return question(instance_, token); });
  run();
  return asked.reply();
}

inline void fake_host::cancel_call(tenon_token token) {
  if (instance_ == nullptr) return;
  enter([&] { plugin_.cancel(instance_, token); });
}

inline void fake_host::advance(std::chrono::nanoseconds by) {
  const auto until = now_ + by;
  for (;;) {
    const auto next = std::min_element(operations_.begin(), operations_.end(), [](const auto& left, const auto& right) {
      return left.second.due < right.second.due;
    });
    if (next == operations_.end() || next->second.due > until) break;
    now_ = std::max(now_, next->second.due);
    complete_operation(next->first, next->second.status);
  }
  now_ = until;
}

inline void fake_host::destroy() {
  if (instance_ == nullptr) return;
  for (auto& [token, reply] : tokens_) {
    if (!reply) reply.emplace(TENON_E_CLOSING);
  }
  closing_ = true;
  while (!operations_.empty()) complete_operation(operations_.begin()->first, TENON_E_CLOSING);
  enter([&] { plugin_.destroy(instance_); });
  instance_ = nullptr;
}

inline tenon_status fake_host::start_operation(std::chrono::nanoseconds delay,
                                               std::function<void(tenon_status, tenon_op)> complete, tenon_op* id) {
  if (entered_ == 0) return TENON_E_INVALID;
  if (closing_) return TENON_E_CLOSING;
  *id = ++last_operation_;
  operations_.emplace(*id, open_operation{now_ + delay, std::move(complete)});
  return TENON_OK;
}

inline void fake_host::complete_operation(tenon_op id, tenon_status status) {
  const auto taken = operations_.extract(id);
  enter([&] { taken.mapped().complete(status, id); });
}

inline std::optional<std::string> fake_host::text_at(tenon_str secret, tenon_str pointer) const {
  const auto found = secrets_.find(detail::from_abi(secret));
  if (found == secrets_.end()) return std::nullopt;
  if (pointer.len == 0) return found->second.text;
  boost::system::error_code wrong;
  const json::value document = json::parse(found->second.text, wrong);
  const json::value* at = wrong ? nullptr : document.find_pointer(detail::from_abi(pointer), wrong);
  if (at == nullptr || !at->is_string()) return std::nullopt;
  return std::string(at->get_string());
}

inline std::optional<scripted_answer> fake_host::exchange(const tenon_http_request& request) {
  std::vector<std::pair<std::string, std::string>> headers;
  for (std::uint64_t at = 0; at < request.header_count; ++at) {
    const tenon_header& line = request.headers[at];
    std::string value(detail::from_abi(line.value));
    if (line.secret.len != 0) {
      const auto text = text_at(line.secret, {});
      if (!text) return std::nullopt;
      value += *text;
    }
    headers.emplace_back(detail::from_abi(line.name), std::move(value));
  }
  const seen_request& seen = requests_.emplace_back(request, std::move(headers));
  if (!http_) return scripted_answer(http_phase::not_sent, "the test scripted no upstream: give one to on_http()");
  return http_(seen);
}

inline tenon_status fake_host::complete(tenon_ctx* ctx, tenon_token token, const tenon_reply* reply) noexcept {
  fake_host& host = of(ctx);
  const auto found = host.tokens_.find(token);
  if (host.entered_ == 0 || found == host.tokens_.end() || found->second) {
    ++host.stray_completions_;
    return TENON_E_INVALID;
  }
  found->second.emplace(*reply);
  return TENON_OK;
}

inline void fake_host::cancel(tenon_ctx* ctx, tenon_op op) noexcept {
  fake_host& host = of(ctx);
  const auto found = host.operations_.find(op);
  if (found == host.operations_.end()) return;
  found->second.status = TENON_E_CANCELLED;
  found->second.due = host.now_;
}

inline const void* fake_host::get_service(tenon_str name_revision) noexcept {
  static constexpr tenon_log_1 log{&write_log};
  static constexpr tenon_clock_1 clock{&steady_ns, &wall_ns};
  static constexpr tenon_timer_1 timer{&start_timer};
  static constexpr tenon_http_1 http{&start_http, &wait_http};
  static constexpr tenon_crypto_1 crypto{&sign, &hash, &random};
  static constexpr tenon_secret_1 secret{&read_secret};
  static constexpr tenon_limiter_1 limiter{&acquire_turn, &hold_turns};
  static constexpr tenon_store_1 store{&get_entry, &list_entries, &write_entries};
  static constexpr tenon_task_1 task{&submit};
  const std::string_view name = detail::from_abi(name_revision);
  if (name == "log/1") return &log;
  if (name == "clock/1") return &clock;
  if (name == "timer/1") return &timer;
  if (name == "http/1") return &http;
  if (name == "crypto/1") return &crypto;
  if (name == "secret/1") return &secret;
  if (name == "limiter/1") return &limiter;
  if (name == "store/1") return &store;
  if (name == "task/1") return &task;
  return nullptr;
}

inline void fake_host::write_log(tenon_ctx* ctx, std::int32_t level, tenon_str text) noexcept {
  static constexpr const char* names[] = {"debug: ", "info: ", "warn: ", "error: "};
  const auto at = static_cast<std::size_t>(std::clamp(level, TENON_LOG_DEBUG, TENON_LOG_ERROR) - TENON_LOG_DEBUG);
  of(ctx).log_.push_back(names[at] + std::string(detail::from_abi(text)));
}

inline std::uint64_t fake_host::steady_ns(tenon_ctx* ctx) noexcept {
  return static_cast<std::uint64_t>(of(ctx).now_.count());
}
inline std::int64_t fake_host::wall_ns(tenon_ctx* ctx) noexcept {
  return (of(ctx).now_ + of(ctx).wall_offset_).count();
}

inline tenon_status fake_host::start_timer(tenon_ctx* ctx, std::uint64_t delay_ns, tenon_timer_fn done, void* user,
                                           tenon_op* op) noexcept {
  const auto complete = [done, user](tenon_status status, tenon_op id) { done(user, id, status); };
  return of(ctx).start_operation(std::chrono::nanoseconds(static_cast<std::int64_t>(delay_ns)), complete, op);
}

inline tenon_status fake_host::start_http(tenon_ctx* ctx, const tenon_http_request* request, tenon_http_fn done,
                                          void* user, tenon_op* op) noexcept {
  if (of(ctx).closing_) return TENON_E_CLOSING;
  const auto answer = of(ctx).exchange(*request);
  if (!answer) return TENON_E_INVALID;
  const auto complete = [answer, done, user](tenon_status status, tenon_op id) {
    answer->deliver(status, done, user, id);
  };
  return of(ctx).start_operation(answer->delay(), complete, op);
}

inline tenon_status fake_host::wait_http(tenon_ctx* ctx, const tenon_http_request* request, tenon_http_fn done,
                                         void* user) noexcept {
  if (!of(ctx).blocking_) return TENON_E_INVALID;
  const auto answer = of(ctx).exchange(*request);
  if (!answer) return TENON_E_INVALID;
  of(ctx).now_ += answer->delay();
  answer->deliver(TENON_OK, done, user, 0);
  return TENON_OK;
}

inline tenon_status fake_host::sign(tenon_ctx* ctx, tenon_str algorithm, tenon_str secret, tenon_str pointer,
                                    tenon_str data, tenon_bytes_fn done, void* user, tenon_op* op) noexcept {
  const fake_host& host = of(ctx);
  const auto key = host.text_at(secret, pointer);
  std::optional<std::string> signature;
  if (key && host.sign_) {
    signature = host.sign_(detail::from_abi(algorithm), *key, detail::from_abi(data));
  } else if (key) {
    signature = std::string(detail::from_abi(algorithm)) + "-signature-of-" + std::to_string(data.len) + "-bytes";
  }
  const auto complete = [signature, done, user](tenon_status status, tenon_op id) {
    if (status == TENON_OK && !signature) status = TENON_E_INVALID;
    done(user, id, status, status == TENON_OK ? detail::to_abi(*signature) : tenon_str{});
  };
  return of(ctx).start_operation(std::chrono::nanoseconds(0), complete, op);
}

inline tenon_status fake_host::hash(tenon_ctx* ctx, tenon_str algorithm, tenon_str data, void* out,
                                    std::uint64_t* size) noexcept {
  const std::string_view name = detail::from_abi(algorithm);
  const std::size_t length = name == "SHA-256" ? 32 : name == "MD5" ? 16 : 0;
  if (length == 0) return TENON_E_UNSUPPORTED;
  if (*size < length) return TENON_E_LIMIT;
  std::string digest;
  if (of(ctx).hash_) {
    digest = of(ctx).hash_(name, detail::from_abi(data));
  } else {
    std::size_t value = std::hash<std::string_view>()(detail::from_abi(data));
    while (digest.size() < length) digest += static_cast<char>((value = value * 31 + 7) >> 24U);
  }
  digest.resize(length);
  std::memcpy(out, digest.data(), length);
  *size = length;
  return TENON_OK;
}

inline tenon_status fake_host::random(tenon_ctx* ctx, void* out, std::uint64_t size) noexcept {
  for (std::uint64_t at = 0; at < size; ++at) {
    of(ctx).random_state_ = of(ctx).random_state_ * 6364136223846793005U + 1442695040888963407U;
    static_cast<unsigned char*>(out)[at] = static_cast<unsigned char>(of(ctx).random_state_ >> 56U);
  }
  return TENON_OK;
}

inline tenon_status fake_host::read_secret(tenon_ctx* ctx, tenon_str name, tenon_str pointer, char* out,
                                           std::uint64_t* size) noexcept {
  const auto found = of(ctx).secrets_.find(detail::from_abi(name));
  if (found == of(ctx).secrets_.end()) return TENON_E_INVALID;
  const auto& readable = found->second.readable;
  if (std::find(readable.begin(), readable.end(), detail::from_abi(pointer)) == readable.end()) return TENON_E_DENIED;
  const auto text = of(ctx).text_at(name, pointer);
  if (!text) return TENON_E_INVALID;
  const std::uint64_t capacity = *size;
  *size = text->size();
  if (out == nullptr) return TENON_OK;
  if (capacity < text->size()) return TENON_E_LIMIT;
  std::memcpy(out, text->data(), text->size());
  return TENON_OK;
}

inline tenon_status fake_host::acquire_turn(tenon_ctx* ctx, const tenon_turn* turn, tenon_turn_fn done, void* user,
                                            tenon_op* op) noexcept {
  fake_host& host = of(ctx);
  const std::chrono::nanoseconds interval(static_cast<std::int64_t>(turn->interval_ns));
  bucket& at = host.buckets_[std::string(detail::from_abi(turn->key))];
  const auto saved = interval * (std::max<std::uint32_t>(turn->burst, 1) - 1);
  const auto due = std::max({at.paid - saved, at.held, at.last, host.now_});
  const auto wait = due - host.now_;
  const bool granted = static_cast<std::uint64_t>(wait.count()) <= turn->max_wait_ns;
  const auto complete = [granted, wait, done, user](tenon_status status, tenon_op id) {
    if (status == TENON_OK && !granted) status = TENON_E_LIMIT;
    done(user, id, status, static_cast<std::uint64_t>(granted ? 0 : wait.count()));
  };
  const auto status = host.start_operation(granted ? wait : std::chrono::nanoseconds(0), complete, op);
  if (status == TENON_OK && granted) {
    at.paid = std::max(at.paid, due) + interval;
    at.last = due;
  }
  return status;
}

inline tenon_status fake_host::hold_turns(tenon_ctx* ctx, tenon_str key, std::uint64_t delay_ns) noexcept {
  bucket& at = of(ctx).buckets_[std::string(detail::from_abi(key))];
  at.held = std::max(at.held, of(ctx).now_ + std::chrono::nanoseconds(static_cast<std::int64_t>(delay_ns)));
  return TENON_OK;
}

inline tenon_status fake_host::get_entry(tenon_ctx* ctx, tenon_str key, tenon_store_fn done, void* user,
                                         tenon_op* op) noexcept {
  if (!memory_store::is_key(key)) return TENON_E_INVALID;
  const auto found = of(ctx).store_->get(key);
  const auto complete = [found, done, user](tenon_status status, tenon_op id) {
    found.deliver(status, done, user, id);
  };
  return of(ctx).start_operation(std::chrono::nanoseconds(0), complete, op);
}

inline tenon_status fake_host::list_entries(tenon_ctx* ctx, tenon_str prefix, tenon_str after, std::uint32_t limit,
                                            tenon_store_fn done, void* user, tenon_op* op) noexcept {
  const auto found = of(ctx).store_->list(prefix, after, limit);
  const auto complete = [found, done, user](tenon_status status, tenon_op id) {
    found.deliver(status, done, user, id);
  };
  return of(ctx).start_operation(std::chrono::nanoseconds(0), complete, op);
}

inline tenon_status fake_host::write_entries(tenon_ctx* ctx, const tenon_store_write* writes, std::uint64_t count,
                                             tenon_store_fn done, void* user, tenon_op* op) noexcept {
  fake_host& host = of(ctx);
  if (!memory_store::valid(writes, count)) return TENON_E_INVALID;
  if (host.entered_ == 0) return TENON_E_INVALID;
  if (host.closing_) return TENON_E_CLOSING;
  const auto written = host.store_->write(writes, count);
  const auto complete = [written, done, user](tenon_status status, tenon_op id) {
    written.deliver(status, done, user, id);
  };
  return host.start_operation(std::chrono::nanoseconds(0), complete, op);
}

inline tenon_status fake_host::submit(tenon_ctx* ctx, tenon_token token, const tenon_submission* submission) noexcept {
  fake_host& host = of(ctx);
  const auto found = host.tokens_.find(token);
  if (host.entered_ == 0 || found == host.tokens_.end() || found->second) {
    ++host.stray_completions_;
    return TENON_E_INVALID;
  }
  if (submission->resume.len == 0 || submission->resume.len > TENON_TASK_RESUME_BYTES) return TENON_E_INVALID;
  found->second.emplace(*submission);
  return TENON_OK;
}

inline const tenon_host fake_host::functions_ = {sizeof(tenon_host),   TENON_ABI_MAJOR,         TENON_ABI_MINOR,   0,
                                                 &fake_host::complete, &fake_host::get_service, &fake_host::cancel};

}  // namespace tenon::sdk::testing
