#pragma once

#include "sandbox/world.hpp"
#include "storage/database.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace tenon::sandbox {

/// The stand-ins' memory on a disk: every object of both upstreams, the credentials and the tokens, in one SQLite file.
/// A request is answered when what it changed is written, so that a stand-in that is killed knows what it has said.
///
/// Counters, faults and limits are of a run and not kept.
///
/// Threads     One at a time.
/// Errors      std::runtime_error naming the file, what SQLite says and what to do.
class disk {
 public:
  /// The file is made if it is not there.
  explicit disk(const std::filesystem::path& file);

  /// The credentials of an earlier run, so that the files that clients have stay good.
  std::optional<service_account> account(const std::string& email);
  std::optional<api_key> key(const std::string& name);
  void keep(const service_account& account);
  void keep(const api_key& key);

  /// Fills the world's networks with what they held, where they held something.
  void load(world& into);

  /// Writes what has changed since the last time.
  void save(world& from);

 private:
  void save_table(const std::string& network, const std::string& collection, table& held);
  void save_tokens(const token_issuer& tokens);
  void save_counters(const world& from);
  statement ask(std::string_view sql) const;

  const std::unique_ptr<database> file_;
};

}  // namespace tenon::sandbox
