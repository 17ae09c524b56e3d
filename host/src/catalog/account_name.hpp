#pragma once

#include <tenon/account_store.hpp>

#include <string>
#include <string_view>

namespace tenon {

/// The id of the account that a brand and an operator name: "brand/operator", "brand/operator/sandbox". No listed id
/// contains a slash, so that the two kinds never meet. Domains compare in lower case; empty if one of them is no
/// domain.
std::string natural_account_id(const account_reference& reference);

/// The reference that an id stands for which natural_account_id() made; any other reference as it is.
account_reference natural_reference(account_reference reference);

/// Letters, digits, and . _ : @ - inside: what an account id in the configuration may be.
bool is_account_id(std::string_view id) noexcept;

/// A domain of the form AdCP wants in an account reference, in lower case already.
bool is_domain(std::string_view text) noexcept;

std::string in_lower_case(std::string_view text);

}  // namespace tenon
