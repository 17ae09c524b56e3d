#include "sandbox/service.hpp"

#include <boost/asio/steady_timer.hpp>

namespace tenon::sandbox {

result<std::shared_ptr<service>> service::start(boost::asio::any_io_executor executor, upstreams& served,
                                                std::uint16_t port) {
  const std::shared_ptr<service> made(new service(executor, served));
  auto handler = [weak = std::weak_ptr(made)](http::request request, http::responder respond) {
    if (const auto self = weak.lock()) self->answer(request, std::move(respond));
  };
  auto server = http::server::start(executor, {.port = port}, std::move(handler));
  if (!server) return server.error();
  made->server_ = std::move(*server);
  return made;
}

std::string service::base_url() const { return "http://127.0.0.1:" + std::to_string(port()); }

void service::answer(const http::request& request, http::responder respond) {
  commit_due();
  auto made = served_.handle(request);
  if (made.commits_late) commit_later(*made.commits_late, request);
  if (!made.answered)
    keep_waiting(std::move(respond));
  else if (made.latency.count() > 0)
    answer_later(std::move(made), std::move(respond));
  else
    respond(std::move(made.response));
}

void service::answer_later(outcome made, http::responder respond) {
  struct waiting {
    boost::asio::steady_timer timer;
    http::response response;
    http::responder respond;
  };
  const auto held = std::make_shared<waiting>(boost::asio::steady_timer(executor_, made.latency),
                                              std::move(made.response), std::move(respond));
  held->timer.async_wait([held](boost::system::error_code) { held->respond(std::move(held->response)); });
}

void service::commit_later(std::chrono::milliseconds delay, const http::request& request) {
  const auto timer = std::make_shared<boost::asio::steady_timer>(executor_, delay);
  {
    const std::scoped_lock lock(mutex_);
    late_.emplace(timer->expiry(), request);
  }
  timer->async_wait([self = shared_from_this(), timer](boost::system::error_code) { self->commit_due(); });
}

/// Not by its timer alone: when this thread was held up, requests that have come since are seen before the timer.
void service::commit_due() {
  std::vector<http::request> due;
  {
    const std::scoped_lock lock(mutex_);
    const auto end = late_.upper_bound(std::chrono::steady_clock::now());
    for (auto at = late_.begin(); at != end; at = late_.erase(at)) due.push_back(std::move(at->second));
  }
  for (const auto& each : due) served_.perform(each);
}

void service::keep_waiting(http::responder respond) {
  const std::scoped_lock lock(mutex_);
  unanswered_.push_back(std::move(respond));
}

void service::stop(unique_function<void()> done) {
  std::vector<http::responder> given_up;
  {
    const std::scoped_lock lock(mutex_);
    given_up.swap(unanswered_);
  }
  server_->stop(std::chrono::milliseconds(500), std::move(done));
}

}  // namespace tenon::sandbox
