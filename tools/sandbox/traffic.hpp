#pragma once

#include "sandbox/store.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace tenon::sandbox {

/// Counts requests by route, credential and outcome. A credential is named, never shown.
class traffic {
 public:
  /// `status` 0 stands for a request that was left without an answer.
  void count(std::string_view route, std::string_view credential, unsigned status);
  void clear() { routes_.clear(); }

  /// {"routes": {"POST /token": {"total": 1, "by_credential": {"sa-1@...": 1}, "by_status": {"200": 1}}}}
  json::object show() const;

 private:
  struct counter {
    std::uint64_t total = 0;
    std::map<std::string, std::uint64_t> by_credential = {};
    std::map<std::string, std::uint64_t> by_status = {};
  };
  std::map<std::string, counter, std::less<>> routes_;
};

}  // namespace tenon::sandbox
