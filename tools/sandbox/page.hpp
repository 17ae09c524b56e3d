#pragma once

#include <string_view>

namespace tenon::sandbox {

/// The page that shows a person what the stand-ins hold: HTML that asks the control API, and changes nothing. Whatever
/// a client has sent is put in as text, never as markup.
std::string_view page() noexcept;

}  // namespace tenon::sandbox
