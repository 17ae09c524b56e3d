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
/// byte of the parsed form is wiped when it goes. It also keeps them out of texts that people read.
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

  /// The text with "[secret NAME]" wherever it quotes a secret, as it is or escaped for JSON or a URL: an ad server may
  /// echo the credential it refuses, and a plugin what the ad server said. Of a JSON secret every string of 16 bytes
  /// and more counts that is no URL and no e-mail address: those are names, which operators need. Whole texts count
  /// from 8 bytes on; shorter ones would be found everywhere.
  std::string without_secrets(std::string_view text) const;

 private:
  class wiping_memory;
  struct quotable {
    std::string text;
    std::string instead;
  };

  void hide_strings(const std::string& name, const boost::json::value& value);
  void hide(const std::string& name, std::string_view text);

  const std::shared_ptr<const secret_texts> texts_;
  const readable_map readable_;
  const std::unique_ptr<wiping_memory> memory_;
  std::map<std::string, boost::json::value, std::less<>> parsed_;
  std::vector<quotable> hidden_;  // the longest first; wiped
};

}  // namespace tenon
