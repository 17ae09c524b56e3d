#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace tenon::sdk {

/// Base 64 with the URL alphabet and without padding (RFC 4648, section 5; RFC 7515): the parts of a JWT.
inline std::string base64url(std::string_view bytes) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  unsigned bits = 0;
  int count = 0;
  for (const char byte : bytes) {
    bits = (bits << 8U) | static_cast<unsigned char>(byte);
    for (count += 8; count >= 6; count -= 6) text += alphabet[(bits >> static_cast<unsigned>(count - 6)) & 63U];
  }
  if (count > 0) text += alphabet[(bits << static_cast<unsigned>(6 - count)) & 63U];
  return text;
}

/// Lower-case hexadecimal digits of the bytes.
inline std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    text += digits[static_cast<unsigned char>(byte) >> 4U];
    text += digits[static_cast<unsigned char>(byte) & 15U];
  }
  return text;
}

/// One component of a URL: all but the unreserved characters (RFC 3986, section 2.3) as %XX.
inline std::string percent_encode(std::string_view component) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  text.reserve(component.size());
  for (const char character : component) {
    const auto byte = static_cast<unsigned char>(character);
    const bool unreserved = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                            (byte >= 'a' && byte <= 'z') ||
                            std::string_view("-._~").find(character) != std::string_view::npos;
    if (unreserved) {
      text += character;
    } else {
      text += '%';
      text += digits[byte >> 4U];
      text += digits[byte & 15U];
    }
  }
  return text;
}

/// A body of type application/x-www-form-urlencoded, which also serves as the query of a URL.
inline std::string form_urlencode(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    if (!text.empty()) text += '&';
    text += percent_encode(name) + '=' + percent_encode(value);
  }
  return text;
}

}  // namespace tenon::sdk
