#pragma once

#include "plugin/manifest.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tenon {

/// The origin of a URL in the one form that origins are compared in: "https://api.kevel.co:443", lower case, with the
/// port. Errors (CONFIGURATION_ERROR): not an absolute http or https URL, no host, a user name or password in it;
/// operator_detail never repeats the URL, which may come out of a secret.
result<std::string> origin_of(std::string_view url);

/// The text of a secret by its name, or null.
using secret_lookup = std::function<const std::string*(std::string_view name)>;

/// The origins that one tenant's platform may talk to, sorted: the manifest's upstreams, the settings marked
/// "x-tenon-upstream", and what the "upstreams" pointers of its secrets point at. A setting or pointer that is absent
/// adds nothing. `secrets` is called before return only. Errors (CONFIGURATION_ERROR): one of them is not an absolute
/// URL, or a secret is not the JSON that it should be; operator_detail names the setting and the pointer, never the
/// text.
result<std::vector<std::string>> allowed_origins(const manifest& plugin, const boost::json::object& settings,
                                                 const secret_lookup& secrets);

/// The JSON pointers ("" = the whole text) that secret/1 may copy out of each secret, by the secret's name. A secret
/// that is missing here is not readable at all.
std::map<std::string, std::vector<std::string>, std::less<>> readable_pointers(const manifest& plugin,
                                                                               const boost::json::object& settings);

}  // namespace tenon
