#pragma once

#include "host_fixture.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

namespace tenon::testing {

// Three builds of echo, of other bytes each. The third waits in its constructor if TENON_TEST_PIPE names a pipe.
inline const std::filesystem::path echo_1 = TENON_TEST_PLUGINS "/echo.so";
inline const std::filesystem::path echo_2 = TENON_TEST_PLUGINS "-next/echo.so";
inline const std::filesystem::path echo_waiting = TENON_TEST_PLUGINS "-waiting/echo.so";

/// Two tenants on echo 1.0.0.
struct echo_tenants : host_directory {
  explicit echo_tenants(const std::string& call_timeout_ms = "60000") {
    write(root() / "tenon.toml",
          "[host]\nplugin_dirs = [\"plugins\"]\nstore_dir = \"store\"\ndrain_timeout_ms = 60000\n"
          "call_timeout_ms = " +
              call_timeout_ms + "\n");
    drop(echo_1, "echo");
    for (const auto* name : {"acme", "beta"}) write_tenant(name, "plugin = \"echo\"\nsettings = { tag = \"a\" }\n");
  }
};

inline std::string version_of(const result<reply>& outcome) {
  if (!outcome) return outcome.error().code;
  return std::string(boost::json::parse(outcome->body).at("version").as_string());
}

/// Calls to one tenant that hang until they are stopped, and how often they were answered.
class hanging_calls {
 public:
  hanging_calls(host_fixture& at, const std::string& tenant, int count) {
    for (int i = 0; i < count; ++i) {
      auto& call = *calls_.emplace_back(std::make_shared<one>());
      call_request request{.task = "get_products", .body = R"({"never": true})", .context = {}};
      request.context.stop = call.stop.get_token();
      at->async_call({.tenant = tenant}, std::move(request),
                     [held = calls_.back()](const result<reply>&) { ++held->answers; });
    }
  }

  void stop() {
    for (auto& call : calls_) call->stop.request_stop();
  }
  /// How many calls were answered at least once, and how often at most.
  int answered() const {
    return static_cast<int>(std::ranges::count_if(calls_, [](const auto& call) { return call->answers > 0; }));
  }
  int most_answers() const {
    int most = 0;
    for (const auto& call : calls_) most = std::max(most, call->answers.load());
    return most;
  }

 private:
  struct one {
    std::stop_source stop;
    std::atomic<int> answers = 0;
  };
  std::vector<std::shared_ptr<one>> calls_;
};

/// Whether more code of the store is mapped than status shows.
inline bool anything_unreported(const host_directory& files, const host& reports) {
  return files.mapped() > static_cast<int>(reports.status().libraries.size());
}

}  // namespace tenon::testing
