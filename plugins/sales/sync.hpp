#pragma once

#include "field.hpp"

#include <tenon/sdk/error.hpp>

#include <string>
#include <vector>

namespace tenon::sales {

/// A fault of the seller's or of the moment fails a whole sync_creatives; one of a creative fails that creative.
bool concerns_all(sdk::error const& fault);

/// An error as an entry of an answer's `errors`.
json::object describe(sdk::error const& fault);

/// The entry of a creative among the results of sync_creatives; made, as unchanged, if it was only assigned. Borrowed:
/// good until the next one is made.
json::object& result_of(json::array& results, std::string const& creative_id);

/// Notes in such an entry that the creative was assigned to a package, or why not.
void note_assigned(json::object& result, std::string const& package_id);
void note_refused(json::object& result, std::string const& package_id, sdk::error const& fault);

/// Which creatives a list_creatives request asks for; every set empty means any.
class creative_filter {
 public:
  explicit creative_filter(json::object const& request);

  /// `listed` is an entry of the answer: its creative_id, status and format_id are looked at.
  bool matches(json::object const& listed) const;

 private:
  std::vector<std::string> ids_;
  std::vector<std::string> statuses_;
  std::vector<std::string> formats_;
};

/// The answer of list_creatives: a page of the matching entries.
json::object creatives_answer(json::object const& request, json::array matching);

}  // namespace tenon::sales
