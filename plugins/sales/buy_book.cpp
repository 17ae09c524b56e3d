#include "buy_book.hpp"

#include "discovery.hpp"
#include "overlay.hpp"

#include <algorithm>

namespace tenon::sales {

buy_filter::buy_filter(json::object const& request)
    : named_(find(request, "media_buy_ids") != nullptr), statuses_(wanted_statuses(request)) {
  if (named_) {
    ids_ = texts_at(request, "media_buy_ids", {});
  } else if (statuses_.empty()) {
    statuses_.emplace_back("active");  // what AdCP says when neither ids nor statuses are asked for
  }
}

bool buy_filter::matches(buy_state const& state) const {
  return statuses_.empty() || std::find(statuses_.begin(), statuses_.end(), state.status) != statuses_.end();
}

json::object missing_buy(sdk::error const& fault) {
  if (fault.code() != "MEDIA_BUY_NOT_FOUND") {
    throw;
  }
  return {{"code", fault.code()}, {"message", fault.message()}, {"field", "media_buy_ids"}};
}

json::object buys_answer(json::object const& request, json::array entries, json::array errors) {
  auto const part = read_page(request, entries.size());
  json::array page(entries.begin() + static_cast<std::ptrdiff_t>(part.first),
                   entries.begin() + static_cast<std::ptrdiff_t>(part.last));
  json::object answer{{"media_buys", std::move(page)}, {"pagination", part.description}};
  if (!errors.empty()) {
    answer["errors"] = std::move(errors);
  }
  return answer;
}

}  // namespace tenon::sales
