#pragma once

#include "field.hpp"

#include <span>
#include <vector>

namespace tenon::sales {

/// The lists of a buyer's agent that a publisher's people apply by hand, because no ad server takes them: which of
/// property_list, collection_list and collection_list_exclude. An immutable value.
class manual_targeting {
 public:
  manual_targeting() = default;

  /// Reads the setting `manual_targeting`. Throws CONFIGURATION_ERROR for a name that is none of the three.
  explicit manual_targeting(json::object const& settings);

  bool has(std::string_view member) const;

 private:
  std::vector<std::string> members_;
};

/// The members of an overlay that refer to lists.
std::vector<std::string> lists_in(json::object const& overlay);

/// Throws sdk::error UNSUPPORTED_FEATURE, with the member's path, for the first member of a targeting overlay that is
/// neither in `supported` nor applied by hand, and for a list that takes a token to read: who applies it by hand could
/// read the token, but nobody else may. Targeting that cannot be applied is refused, never dropped: a buyer would pay
/// for the wrong audience.
void refuse_unsupported_targeting(json::object const& overlay, std::span<std::string_view const> supported,
                                  manual_targeting const& by_hand, std::string const& path);

/// "no more than `impressions` in `amount` units of time".
struct frequency_limit {
  enum class unit { minute, hour, day, campaign };
  std::int64_t impressions = 1;
  std::int64_t amount = 1;
  unit per = unit::day;
};

/// The limits of an overlay's frequency_cap: none, one, or both of suppression and cap. VALIDATION_ERROR when
/// malformed; UNSUPPORTED_FEATURE for a window of seconds that are no whole minutes.
std::vector<frequency_limit> frequency_limits(json::object const& overlay, std::string const& path);

/// The strings of a member that is an array of strings; empty if absent.
std::vector<std::string> texts_at(json::object const& object, std::string_view key, std::string const& path);

/// The values of geo_metros entries, which must all be of nielsen_dma: others are UNSUPPORTED_FEATURE.
std::vector<std::string> nielsen_metros(json::object const& overlay, std::string_view key, std::string const& path);

/// "US-CA" split and checked to be an ISO 3166-2 code; VALIDATION_ERROR otherwise.
struct region_code {
  std::string country;
  std::string subdivision;
};
region_code read_region(std::string const& code, std::string const& path);

/// VALIDATION_ERROR unless two capital letters.
void require_country(std::string const& code, std::string const& path);

}  // namespace tenon::sales
