#pragma once

#include "load.hpp"

#include <tenon/host.hpp>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace tenon::bench {

/// A host that serves a few tenants from files of its own, as an embedder with two threads has it.
class reload_world {
 public:
  /// `upstream`: an origin that the tenants' plugins may reach.
  reload_world(std::uint32_t tenants, const std::string& upstream);
  reload_world(const reload_world&) = delete;
  reload_world& operator=(const reload_world&) = delete;
  ~reload_world();

  host& serving() { return *host_; }
  const std::vector<std::string>& tenants() const { return names_; }
  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path plugin() const { return root_ / "plugins" / "echo.so"; }

  /// Writes a tenant's table; comes into force with a reload.
  void write_tenant(std::uint32_t tenant, const std::string& tag) const;

  reload_report reload(reload_request request = {});

  /// The bytes of echo, version 1 or 2, different at each call.
  std::string fresh_plugin(int version);

  /// Stops the host; how many libraries it could not prove unmapped.
  std::size_t stop();

 private:
  const std::filesystem::path root_;
  const std::string upstream_;
  std::vector<std::string> names_;
  std::string echoes_[2];
  std::uint64_t copies_ = 0;
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{context_.get_executor()};
  std::unique_ptr<host> host_;
  std::vector<std::jthread> threads_;
  bool stopped_ = false;
};

/// Which code and settings a tenant may have been served by, and when.
///
/// A change that was asked for at one moment and reported done at a later one was made somewhere between the two: the
/// new state may have been current from the first on, the old one until the second.
class history {
 public:
  using state = std::pair<std::string, std::string>;  ///< version, tag

  void begin(std::uint32_t tenant, state first);
  void changed(std::uint32_t tenant, state next, const interval& when);
  const state& current(std::uint32_t tenant) const { return by_tenant_.at(tenant).back().what; }

  /// Whether what answered was current at some moment of the request.
  bool explains(const sample& answered) const;

 private:
  struct entry {
    state what;
    interval time;
  };
  std::map<std::uint32_t, std::vector<entry>> by_tenant_;
};

std::uint64_t resident_kb();

}  // namespace tenon::bench
