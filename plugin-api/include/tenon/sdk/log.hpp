#pragma once

#include <tenon/sdk/detail/host_link.hpp>

#include <string_view>

namespace tenon::sdk {

/// Lines into the host's log, which adds tenant and plugin. A cheap value. Never write a secret.
class logger {
 public:
  explicit logger(detail::host_link link) noexcept : link_(link) {}

  void debug(std::string_view text) const { write(TENON_LOG_DEBUG, text); }
  void info(std::string_view text) const { write(TENON_LOG_INFO, text); }
  void warn(std::string_view text) const { write(TENON_LOG_WARN, text); }
  void error(std::string_view text) const { write(TENON_LOG_ERROR, text); }

 private:
  void write(std::int32_t level, std::string_view text) const {
    link_.log().write(link_.ctx(), level, detail::to_abi(text));
  }

  detail::host_link link_;
};

}  // namespace tenon::sdk
