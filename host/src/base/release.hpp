#pragma once

#include <tenon/error.hpp>

#include <span>
#include <string_view>

/// The served AdCP release, as its manifest has it. The tables are generated at build time and sorted by name.
namespace tenon::release {

struct task_info {
  std::string_view name;
  std::string_view protocol;
  bool mutating;
};

struct code_info {
  std::string_view name;
  recovery recover;
};

struct specialism_info {
  std::string_view name;                          ///< with hyphens, as on the wire
  std::span<const std::string_view> entry_tasks;  ///< a tenant that claims it must implement these
};

extern const std::string_view version;  ///< "3.0.6"

std::span<const task_info> tasks() noexcept;
std::span<const code_info> codes() noexcept;
std::span<const specialism_info> specialisms() noexcept;

/// Null if the release has none of that name. Cost: a binary search.
const task_info* find_task(std::string_view name) noexcept;
const specialism_info* find_specialism(std::string_view name) noexcept;

/// The release's recovery for a code. INTERNAL_ERROR, which is outside the release's list, is terminal; any other
/// unknown code is transient, as the manifest's error_code_policy has it.
recovery recovery_of(std::string_view code) noexcept;

}  // namespace tenon::release
