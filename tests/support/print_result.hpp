#pragma once

#include <tenon/error.hpp>

#include <doctest/doctest.h>

#include <sstream>

/// How doctest prints a result: its error, or that there is a value. (Boost's own printing needs the value to print.)
template <class Value>
struct doctest::StringMaker<boost::system::result<Value, tenon::error>> {
  static String convert(const boost::system::result<Value, tenon::error>& outcome) {
    if (outcome) return "a value";
    std::ostringstream text;
    text << outcome.error();
    return text.str().c_str();
  }
};
