#include "session.hpp"

#include "sample_settings.hpp"

#include "plugin/file.hpp"

#include <boost/json/serialize.hpp>

#include <fcntl.h>

namespace tenon::plugin_check {
namespace {

namespace json = boost::json;

[[noreturn]] void stop(outcome reached) { throw verdict_reached{std::move(reached)}; }

mapping map(workbench& bench, const std::filesystem::path& copy) {
  bench.announce("its static constructors (dlopen)");
  auto loaded = mapping::load(copy);
  if (!loaded) stop(as_told(loaded.error().operator_detail));
  return std::move(*loaded);
}

std::string settings_of(const workbench& bench, const manifest& note) {
  if (bench.settings) return json::serialize(*bench.settings);
  const auto sample = canary::sample_settings(note.settings_schema);
  if (!sample) stop(skipped("no settings were found that its schema accepts; give some with --settings FILE"));
  return json::serialize(*sample);
}

tenon_str text(std::string_view from) { return {from.data(), from.size()}; }

}  // namespace

manifest read_note(const std::filesystem::path& copy) {
  const file_descriptor opened(::open(copy.c_str(), O_RDONLY | O_CLOEXEC));
  auto bytes = read_whole(opened.get(), copy);
  if (!bytes) stop(as_told(bytes.error().operator_detail));
  auto read = read_manifest(*bytes);
  if (!read) stop(as_told(read.error().operator_detail));
  return std::move(*read);
}

generation::generation(workbench& bench, const std::filesystem::path& copy)
    : bench_(bench),
      mapped_(map(bench, copy)),
      entry_(static_cast<const tenon_plugin*>(mapped_.find("tenon_plugin_entry"))) {
  if (!entry_) stop(failed("it exports no tenon_plugin_entry", "define it, or use TENON_PLUGIN()"));
}

tenon_status generation::try_init(const tenon_host& table) {
  bench_.announce("init()");
  return entry_->init(&table);
}

void generation::init(const tenon_host& table) {
  const auto status = try_init(table);
  if (status == TENON_OK) return;
  stop(failed("init() answered status " + std::to_string(status) + ", expected TENON_OK (0)",
              "accept every host that has the services of the manifest"));
}

void generation::deinit() {
  bench_.announce("deinit()");
  entry_->deinit();
}

void generation::unmap() {
  bench_.announce("its static destructors (dlclose)");
  const auto path = mapped_.path();
  if (!mapped_.close()) stop(as_told("it stays mapped after dlclose: " + why_pinned(path).text));
}

session::session(workbench& bench, const generation& of, checking_host& host, const manifest& note, std::string tenant)
    : bench_(bench),
      of_(of),
      host_(host),
      note_(note),
      tenant_(std::move(tenant)),
      ctx_(host.add_platform()),
      ready_(host.add_token(ctx_)) {}

bool session::create() {
  const auto settings = settings_of(bench_, note_);
  tenon_create arguments{};
  arguments.struct_size = sizeof arguments;
  arguments.tenant = text(tenant_);
  arguments.settings = text(settings);
  arguments.specialisms = text("[]");
  bench_.announce("create()");
  const auto status = host_.enter(ctx_, [&] { return of_.entry().create(ctx_, &arguments, ready_, &instance_); });
  if (status != TENON_OK) {
    instance_ = nullptr;
    host_.close(ctx_);
    ctx_->alive = false;
    unready_ = "create() refuses these settings with status " + std::to_string(status) +
               "; give some that it takes with --settings FILE";
    return false;
  }
  if (!instance_) {
    stop(failed("create() answered TENON_OK without an instance, which every later call needs",
                "set *out before create() returns TENON_OK"));
  }
  return true;
}

bool session::open() {
  if (!create()) return false;
  finish(ready_);
  const auto& given = host_.answer_to(ready_);
  if (given.times == 0) {
    unready_ = "create() has not completed its token";
  } else if (given.status != TENON_OK || !given.malformed.empty()) {
    unready_ = "the platform does not get ready: create() answered " +
               (given.code.empty() ? "status " + std::to_string(given.status) : given.code) +
               "; give settings with --settings FILE and its ad server's answer with --upstream FILE";
  }
  return unready_.empty();
}

void session::must_open() {
  if (open()) return;
  stop(skipped(unready_));
}

session::started session::start(const std::string& task, std::string_view request) {
  const auto* described = note_.find_task(task);
  const auto token = host_.add_token(ctx_);
  tenon_call call{};
  call.struct_size = sizeof call;
  call.task = text(task);
  call.request = text(request);
  call.tenant = text(tenant_);
  call.account_id = text("plugin-check");
  call.principal = text("plugin-check");
  bench_.announce("call() of " + task);
  ctx_->blocking = described && described->blocking;
  const auto status = host_.enter(ctx_, [&] { return of_.entry().call(instance_, token, &call); });
  ctx_->blocking = false;
  return {task, token, status, host_.answered(token)};
}

void session::cancel(tenon_token token) {
  bench_.announce("cancel()");
  host_.enter(ctx_, [&] { of_.entry().cancel(instance_, token); });
}

void session::finish(tenon_token token) {
  bench_.announce("the completion of an operation that it started");
  host_.run(ctx_, token);
}

void session::destroy() {
  if (!instance_) return;
  bench_.announce("the completion of an operation with TENON_E_CLOSING");
  host_.close(ctx_);
  bench_.announce("destroy()");
  ctx_->destroying = true;
  host_.enter(ctx_, [&] { of_.entry().destroy(instance_); });
  ctx_->destroying = false;
  ctx_->alive = false;
  instance_ = nullptr;
}

stage::stage(workbench& bench, checking_host::shape differs)
    : note(read_note(bench.copies.front())),
      host(upstream_body(bench), std::move(differs)),
      plugin(bench, bench.copies.front()),
      platform(bench, plugin, host, note, "plugin-check") {
  plugin.init(host.table());
}

void stage::end() {
  platform.destroy();
  plugin.deinit();
}

std::string upstream_body(const workbench& bench) {
  if (bench.upstream) return json::serialize(*bench.upstream);
  return R"({"access_token": "plugin-check", "token_type": "Bearer", "expires_in": 3600, "items": []})";
}

std::string list_of(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

}  // namespace tenon::plugin_check
