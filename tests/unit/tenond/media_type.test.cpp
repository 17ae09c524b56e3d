// Goal: Content-Type and Accept mean what RFC 9110 says. Method: header values, one by one.
#include "media_type.hpp"

#include <doctest/doctest.h>

using namespace tenon;
using namespace tenon::tenond;

TEST_CASE("JSON is JSON in any case and with any parameters, and nothing else is") {
  for (const auto* type :
       {"application/json", "Application/JSON; charset=utf-8", " application/json ;x=y", "application/json;"}) {
    CAPTURE(type);
    CHECK(is_json(type));
  }
  for (const auto* type : {"", "text/plain", "application/jsonp", "application/json-rpc", "text/json",
                           "application/x-www-form-urlencoded", "text/plain; application/json", "application"}) {
    CAPTURE(type);
    CHECK_FALSE(is_json(type));
  }
}

TEST_CASE("only who takes event streams and no JSON wants an event stream") {
  const auto wants = [](const char* accept) { return wants_event_stream({{"accept", accept}}); };
  for (const auto* accept : {"text/event-stream", "TEXT/Event-Stream;q=0.5", "application/json;q=0, text/event-stream",
                             "text/html, text/*", "text/event-stream, application/json; x=1; q=0.000"}) {
    CAPTURE(accept);
    CHECK(wants(accept));
  }
  for (const auto* accept :
       {"application/json, text/event-stream", "text/event-stream, */*", "*/*", "", ",;,", "image/png",
        "text/event-stream;q=0", "text/event-stream, application/*;q=0.1", "application/json"}) {
    CAPTURE(accept);
    CHECK_FALSE(wants(accept));
  }
  CHECK_FALSE(wants_event_stream({}));
  CHECK_FALSE(wants_event_stream({{"accept", "text/event-stream"}, {"accept", "application/json"}}));
}
