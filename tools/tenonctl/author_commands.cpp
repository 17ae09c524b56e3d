#include "author_commands.hpp"

#include "scaffold.hpp"

#include <CLI/CLI.hpp>

#include <cerrno>
#include <iostream>
#include <system_error>
#include <vector>

#include <string.h>
#include <unistd.h>

namespace tenonctl {
namespace {

namespace fs = std::filesystem;

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

}  // namespace

author_commands::author_commands(CLI::App& plugin)
    : new_(plugin.add_subcommand("new", "make a plugin project that builds, tests itself and passes `check`")),
      check_(plugin.add_subcommand("check",
                                   "check a plugin against the rules of the plugin API; `check --help` says how")) {
  new_->add_option("name", name_, "what tenants will call it: lower-case letters, digits and _")->required();
  new_->add_option("--dir", place_, "where the project's directory goes")->capture_default_str();
  check_->set_help_flag();
  check_->prefix_command();
}

std::optional<int> author_commands::run() const {
  if (new_->parsed()) return make_new();
  if (check_->parsed()) return check();
  return std::nullopt;
}

int author_commands::make_new() const {
  if (const auto wrong = why_not_a_name(name_); !wrong.empty()) {
    std::cerr << "tenonctl: " << wrong << '\n';
    return exit_usage;
  }
  const auto target = place_ / name_;
  if (const auto wrong = scaffold(name_, target); !wrong.empty()) {
    std::cerr << "tenonctl: " << wrong << '\n';
    return exit_failed;
  }
  const auto path = target.string();
  std::cout << "made " << path << "\n\n  cmake -S " << path << " -B " << path << "/build && cmake --build " << path
            << "/build\n  ctest --test-dir " << path << "/build\n  tenonctl plugin check " << path << "/build/" << name_
            << ".so\n";
  return 0;
}

int author_commands::check() const {
  std::error_code code;
  const auto program = fs::read_symlink("/proc/self/exe", code).parent_path() / "tenon-plugin-check";
  const auto own = program.string();
  auto words = check_->remaining();
  std::vector<char*> arguments{const_cast<char*>(own.c_str())};
  for (auto& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execv(own.c_str(), arguments.data());
  std::cerr << "tenonctl: expected the program " << own << ", found: " << ::strerror(errno)
            << "; install component \"development\" beside tenonctl\n";
  return exit_usage;
}

}  // namespace tenonctl
