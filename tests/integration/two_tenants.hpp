#pragma once

// What the tests of the whole host have in common: echo 1.0.0, its successor, and a directory of two tenants on the first.
#include "host_fixture.hpp"

#include <boost/json/parse.hpp>

#include <spdlog/sinks/ringbuffer_sink.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>

namespace tenon::testing {

inline const std::filesystem::path echo_1 = TENON_TEST_PLUGINS "/echo.so";
inline const std::filesystem::path echo_2 = TENON_TEST_PLUGINS "-next/echo.so";

inline std::string tenant(const std::string& tag, const std::string& more = "") {
  return "plugin = \"echo\"\nsettings = { tag = \"" + tag + "\"" + more + " }\n";
}

/// A string member of an answer, or the code of the error that came instead.
inline std::string member(const result<reply>& outcome, std::string_view key) {
  if (!outcome) return outcome.error().code;
  return std::string(boost::json::parse(outcome->body).at(key).as_string());
}

inline bool says(spdlog::sinks::ringbuffer_sink_mt& log, std::string_view text) {
  const auto lines = log.last_formatted();
  return std::ranges::any_of(lines, [&](const std::string& line) { return line.find(text) != line.npos; });
}

/// Two tenants on echo 1.0.0.
struct two_tenants : host_directory {
  two_tenants() {
    drop(echo_1, "echo");
    write_tenant("acme", tenant("a"));
    write_tenant("beta", tenant("b"));
  }
};

}  // namespace tenon::testing
