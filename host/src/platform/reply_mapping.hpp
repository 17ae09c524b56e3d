#pragma once

#include <tenon/abi/host.h>
#include <tenon/call.hpp>

namespace tenon {

class secret_reader;

/// What a plugin answered, as the caller sees it. Text is scrubbed and cut, a code that is none is replaced, recovery
/// comes from the served release unless the plugin says otherwise. A body that is not a JSON object is INTERNAL_ERROR.
/// The body is looked at from both ends and for UTF-8, not parsed: whoever embeds it in a larger document parses it
/// there. `secrets`, if there are any, are taken out of an error's text.
result<reply> map_reply(const tenon_reply& answer, const secret_reader* secrets = nullptr);

/// The same for the token of create(): no body is needed, and an error without a code is SERVICE_UNAVAILABLE or
/// CONFIGURATION_ERROR.
result<reply> map_ready(const tenon_reply& answer, const secret_reader* secrets = nullptr);

/// A call or a create() that the plugin refused by its return value.
error map_refusal(tenon_status status);
error map_create_refusal(tenon_status status);

/// "TENON_E_IO (4)", for operators.
std::string describe(tenon_status status);

// What the host answers in a plugin's place.
error answer_timed_out();    ///< the deadline passed
error answer_stopped();      ///< the caller asked for the end
error answer_closing();      ///< the platform is going away
error answer_no_instance();  ///< create() succeeded without an instance

}  // namespace tenon
