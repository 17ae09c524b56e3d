#include "daemon.hpp"

#include "base/operator_text.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>

#include <spdlog/spdlog.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <utility>

namespace tenon::tenond {
namespace {

bool write_port(const std::filesystem::path& file, std::uint16_t port) {
  if (file.empty()) return true;
  auto partial = file;
  partial += ".partial";
  std::ofstream out(partial);
  out << port << '\n';
  out.close();
  std::error_code failed;
  if (out) std::filesystem::rename(partial, file, failed);
  return out && !failed;
}

/// None if none is configured.
result<http::tls_identity> identity_of(const server_settings& settings) {
  if (settings.tls_certificate.empty()) return http::tls_identity();
  return http::load_tls_identity(settings.tls_certificate, settings.tls_key);
}

http::server_options server_options_of(const server_settings& settings, http::tls_identity identity) {
  return {.address = settings.address,
          .port = settings.port,
          .max_header_bytes = settings.max_header_bytes,
          .max_body_bytes = settings.max_body_bytes,
          .max_connections = settings.max_connections,
          .read_timeout = settings.read_timeout,
          .idle_timeout = settings.idle_timeout,
          .tls = std::move(identity)};
}

principal_limits::rates rates_of(const server_settings& settings) {
  principal_limits::rates made;
  for (const auto& each : settings.principals) {
    made[each.name] = {.per_second = each.requests_per_second.value_or(settings.requests_per_second_per_principal),
                       .burst = static_cast<double>(each.burst.value_or(settings.burst_per_principal))};
  }
  return made;
}

constexpr std::chrono::minutes between_summaries{1};

}  // namespace

daemon::daemon(boost::asio::io_context& calls, boost::asio::io_context& control, std::filesystem::path config,
               server_settings settings, std::shared_ptr<spdlog::logger> logger)
    : calls_(calls),
      control_(control),
      config_(std::move(config)),
      settings_(std::move(settings)),
      logger_(std::move(logger)),
      buyers_(settings_.principals),
      audit_(system_clock(), [log = logger_](const std::string& news) { log->error("audit log: {}", news); }),
      failures_(system_clock(), settings_.auth_failures_per_minute_per_address),
      working_(calls.get_executor()),
      ends_(control, SIGTERM, SIGINT),
      hangups_(control, SIGHUP),
      delay_(control),
      summary_(control) {
  limit(settings_);
}

daemon::~daemon() {
  if (webhooks_ && !stopping_) webhooks_->stop(std::chrono::milliseconds(0), [] {});
  webhooks_.reset();  // with it go its clients, which keep the network's thread
  webhook_net_.join();
  disk_.join();  // what is on its way there needs the host
}

/// What tenond keeps of its buyers, and who works with it.
result<void> daemon::open_desk() {
  auto books = desk_books::open(host_->state_dir() / "tenond", system_clock());
  if (!books) return books.error();
  auto clients = webhook_clients::make(webhook_net_.get_executor(), {});
  if (!clients) return clients.error();
  if (!settings_.webhook_signing_key.empty()) {
    auto signer = webhook_signer::load(settings_.webhook_signing_key, settings_.webhook_signing_key_id);
    if (!signer) {
      return make_error("CONFIGURATION_ERROR", "The server is not configured correctly.",
                        "server.webhook_signing_key: " + operator_text(signer.error()));
    }
    signer_ = std::make_shared<const webhook_signer>(std::move(*signer));
  }
  disk_work_ = std::make_unique<asio_scheduler>(disk_.get_executor());
  webhooks_ = webhook_sender::make(books->webhooks, std::move(*clients), *disk_work_, system_clock(),
                                   [log = logger_](const std::string& trouble) { log->warn("webhooks: {}", trouble); },
                                   {.signer = signer_});
  desk_ = adcp_desk::make(*host_, std::move(*books), disk_.get_executor());
  if (signer_) desk_->announce_signed_webhooks();
  desk_->on_webhook([weak = std::weak_ptr(webhooks_)] {
    if (const auto sender = weak.lock()) sender->wake();
  });
  boost::asio::post(disk_, [this, desk = desk_] {
    told_desk_ = desk;
    desk->look_after_waiting();
  });
  webhooks_->start();
  return {};
}

void daemon::limit(const server_settings& by) {
  requests_.assign(rates_of(by));
  failures_.assign(by.auth_failures_per_minute_per_address);
}

void daemon::summarise_now_and_then() {
  summary_.expires_after(between_summaries);
  summary_.async_wait([this](const boost::system::error_code& cancelled) {
    if (cancelled) return;
    audit_.summarise();
    summarise_now_and_then();
  });
}

boost::json::object daemon::edge_status() const {
  const auto failures = failures_.now();
  const auto audit = audit_.now();
  return {{"rate_limited", requests_.refused()},
          {"auth_failures", failures.failed},
          {"auth_rate_limited", failures.refused},
          {"addresses", failures.addresses},
          {"audit",
           {{"file", audit.file.string()},
            {"written", audit.written},
            {"lost", audit.lost},
            {"summarised", audit.summarised}}}};
}

result<void> daemon::start() {
  if (auto opened = audit_.open(settings_.audit_log); !opened) return opened;
  // A task may end before there is a desk: that asks for what it missed.
  const auto tell_desk = [this](const submitted_task& task) {
    boost::asio::post(disk_, [this, task] {
      if (told_desk_) told_desk_->task_ended(task);
    });
  };
  auto made = host::create(calls_.get_executor(), {.config = config_,
                                                   .logger = logger_,
                                                   .handle_crashes = true,
                                                   .task_ended = tell_desk});
  if (!made) return made.error();
  host_ = std::move(*made);
  if (auto opened = open_desk(); !opened) return opened;
  front_ = std::make_unique<front>(*host_, buyers_, *desk_,
                                   browser_guard({.address = settings_.address,
                                                  .allowed_hosts = settings_.allowed_hosts,
                                                  .allowed_origins = settings_.allowed_origins}),
                                   edge_controls{.audit = &audit_, .requests = &requests_, .failures = &failures_},
                                   signer_ ? signer_->jwks() : std::string());
  if (!settings_.admin_socket.empty()) {
    auto admin = admin_socket::listen(control_.get_executor(), settings_.admin_socket, *host_,
                                      [this] { return reload_own(); }, [this] { return edge_status(); });
    if (!admin) return admin.error();
    admin_ = std::move(*admin);
  }
  auto identity = identity_of(settings_);
  if (!identity) return identity.error();
  auto server = http::server::start(calls_.get_executor(), server_options_of(settings_, std::move(*identity)),
                                    [this](http::request request, http::responder respond) {
                                      front_->handle(std::move(request), std::move(respond));
                                    },
                                    [this](http::request& head) { return front_->answer_head(head); });
  if (!server) return server.error();
  server_ = std::move(*server);
  if (!write_port(settings_.port_file, server_->port())) {
    return make_error("CONFIGURATION_ERROR", "The server is not configured correctly.",
                      "server.port_file: expected to write " + settings_.port_file.string() +
                          ", found that it cannot be written; check its directory");
  }
  logger_->info("tenond {}: listening on {}:{}, {}", TENON_VERSION, settings_.address, server_->port(),
                settings_.tls_certificate.empty() ? "without TLS" : "with TLS");
  await_end();
  await_hangup();
  summarise_now_and_then();
  return {};
}

void daemon::abandon() {
  ends_.cancel();
  hangups_.cancel();
  if (admin_) admin_->stop();
  if (server_) server_->stop(std::chrono::milliseconds(0), [] {});
  if (webhooks_) webhooks_->stop(std::chrono::milliseconds(0), [] {});
  stopping_ = true;
  webhooks_.reset();
  webhook_net_.join();
  disk_.join();
  host_.reset();
}

result<void> daemon::reload_own() {
  const auto read = read_server_settings(config_);
  auto logged = audit_.open(read ? read->audit_log : audit_.now().file);  // whoever rotates it waits for that
  if (!logged) logger_->error("the audit log stays where it was: {}", logged.error().operator_detail);
  if (!read) {
    logger_->error("[server] and [principals] stay as they were: {}", read.error().operator_detail);
    return read.error();
  }
  buyers_.assign(read->principals);  // also if what follows is wrong: a token may have to go
  limit(*read);
  const bool speaks_tls = !settings_.tls_certificate.empty();
  auto identity = speaks_tls ? identity_of(*read) : result<http::tls_identity>(http::tls_identity());
  if (!identity) {
    logger_->error("the certificate stays as it was: {}", identity.error().operator_detail);
    return identity.error();
  }
  if (*identity) server_->present(std::move(*identity));
  for (const auto key : changed_keys(settings_, *read)) {
    logger_->warn("server.{} has changed: it takes effect when tenond is restarted", key);
  }
  return logged;
}

void daemon::await_end() {
  ends_.async_wait([this](const boost::system::error_code& failed, int) {
    if (failed) return;
    if (stopping_) {
      logger_->warn("second signal: exiting at once");
      std::_Exit(EXIT_FAILURE);
    }
    await_end();
    stop();
  });
}

void daemon::await_hangup() {
  hangups_.async_wait([this](const boost::system::error_code& failed, int) {
    if (failed) return;
    await_hangup();
    if (stopping_) return;
    logger_->info("SIGHUP: reloading");
    // What was wrong is in the log.
    static_cast<void>(reload_own());
    host_->async_reload([](const reload_report&) {});
  });
}

void daemon::stop(bool at_once) {
  if (std::exchange(stopping_, true)) {
    if (at_once) delay_.cancel();
    return;
  }
  logger_->info("draining");
  front_->begin_draining();
  delay_.expires_after(at_once ? std::chrono::milliseconds(0) : settings_.drain_delay);
  delay_.async_wait([this](const boost::system::error_code&) { close(); });
}

void daemon::close() {
  // Together: the host lets calls finish within its drain time and answers the others; connections stay until then.
  server_->stop(std::chrono::minutes(5), [this] { finish_one(); });
  webhooks_->stop(std::chrono::seconds(2), [this] { boost::asio::post(control_, [this] { finish_one(); }); });
  host_->async_shutdown(boost::asio::bind_executor(
      control_.get_executor(), [this](const std::vector<library_status>& left) {
        for (const auto& library : left) logger_->warn("still mapped: {}: {}", library.path.string(), library.reason);
        stuck_ = !left.empty();
        finish_one();
      }));
}

void daemon::finish_one() {
  if (--unfinished_ != 0) return;
  audit_.summarise();
  logger_->info("stopped");
  if (admin_) admin_->stop();
  // A thread that is stuck in a plugin would keep the process for ever: everything else is closed, so leave it behind.
  if (stuck_) std::_Exit(EXIT_SUCCESS);
  working_.reset();
  calls_.stop();
  control_.stop();
}

}  // namespace tenon::tenond
