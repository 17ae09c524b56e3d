#pragma once

#include "settings.hpp"

#include "../sales/creative.hpp"

namespace tenon::gam {

namespace json = sales::json;

/// The creative as Ad Manager takes it. Its display name is the buyer's creative_id, which is how it is found again.
json::object creative_json(sales::creative const& item, gam_settings const& settings);

/// The member of a creative that holds its content, "imageRedirectCreative" and the like; empty if it is a kind we do
/// not make.
std::string_view details_member(json::object const& creative);

/// True if an existing creative already says what the wanted one says.
bool same_content(json::object const& existing, json::object const& wanted);

bool same_size(json::object const& existing, json::object const& wanted);

/// A creative of the network as AdCP lists it.
json::object listed_creative(json::object const& existing, gam_settings const& settings);

}  // namespace tenon::gam
