#include "platform/http_client.hpp"

#include "platform/http_client/exchange.hpp"

#include <stdexcept>

namespace tenon {
namespace {

class pooled_http_client final : public http_client {
 public:
  pooled_http_client(boost::asio::any_io_executor executor, const http_client_options& options,
                     std::shared_ptr<boost::asio::ssl::context> tls)
      : executor_(std::move(executor)),
        tls_(std::move(tls)),
        may_connect_(options.may_connect),
        pool_(std::make_shared<outbound::connection_pool>(executor_, options)) {}

  ~pooled_http_client() override {
    closing_.request_stop();
    pool_->close();
  }

  void start(http_exchange_request request, std::stop_token stop, http_handler done) override {
    std::make_shared<outbound::exchange>(executor_, pool_, tls_, may_connect_, std::move(request), std::move(done))
        ->start(std::move(stop), closing_.get_token());
  }

 private:
  boost::asio::any_io_executor executor_;
  std::shared_ptr<boost::asio::ssl::context> tls_;
  const http_address_filter may_connect_;
  std::shared_ptr<outbound::connection_pool> pool_;
  std::stop_source closing_;
};

}  // namespace

void throw_exception_from_error(const http_failure& value, const boost::source_location&) {
  throw std::runtime_error(value.message);
}

result<std::shared_ptr<http_client>> make_http_client(boost::asio::any_io_executor executor,
                                                      http_client_options options) {
  auto tls = outbound::make_tls_context(options.ca_file);
  if (!tls) return tls.error();
  return std::make_shared<pooled_http_client>(std::move(executor), options, std::move(*tls));
}

}  // namespace tenon
