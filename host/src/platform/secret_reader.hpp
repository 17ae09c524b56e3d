#pragma once

#include "platform/plugin_platform.hpp"

#include <boost/json/value.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

/// The secrets of one platform, with what the plugin may copy out of them. JSON secrets are parsed once, here; every
/// byte of the parsed form is wiped when it goes.
///
/// Threads     Any, concurrently; immutable.
class secret_reader {
 public:
  using readable_map = std::map<std::string, std::vector<std::string>, std::less<>>;

  /// `texts` may be null: a platform without secrets.
  secret_reader(std::shared_ptr<const secret_texts> texts, readable_map readable);
  secret_reader(const secret_reader&) = delete;
  secret_reader& operator=(const secret_reader&) = delete;
  ~secret_reader();

  bool exists(std::string_view name) const noexcept;

  /// The string at `pointer` of the secret's JSON, or its whole text with an empty pointer. Nothing if there is none.
  std::optional<std::string_view> find(std::string_view name, std::string_view pointer) const;

  /// Whether the manifest lists this place as readable.
  bool readable(std::string_view name, std::string_view pointer) const noexcept;

 private:
  class wiping_memory;

  const std::shared_ptr<const secret_texts> texts_;
  const readable_map readable_;
  const std::unique_ptr<wiping_memory> memory_;
  std::map<std::string, boost::json::value, std::less<>> parsed_;
};

}  // namespace tenon
