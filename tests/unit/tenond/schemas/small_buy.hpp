#pragma once

#include <boost/json/parse.hpp>

namespace tenon::tenond::schemas {

/// A create_media_buy that fits its schema, with no more than that asks for.
inline boost::json::object buy() {
  return boost::json::parse(R"({"idempotency_key":"0123456789abcdef","account":{"account_id":"a"},
    "brand":{"domain":"acme.example"},"start_time":"asap","end_time":"2030-01-01T00:00:00Z",
    "packages":[{"product_id":"p","budget":10,"pricing_option_id":"cpm"}]})")
      .as_object();
}

}  // namespace tenon::tenond::schemas
