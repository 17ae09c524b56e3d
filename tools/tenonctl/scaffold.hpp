#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace tenonctl {

/// One file of plugin-api/template, as it was when this program was built.
struct template_file {
  std::string_view name;
  std::string_view text;
};

/// All of them. The plugin in them is called "example".
std::span<const template_file> template_files();

/// Why a plugin cannot have this name; nothing if it can.
std::string why_not_a_name(std::string_view name);

/// Makes the directory `target` with the template's files, in which the plugin has this name. All of it appears at
/// once, or nothing. Why not, or nothing.
std::string scaffold(const std::string& name, const std::filesystem::path& target);

}  // namespace tenonctl
