#include "platform/wiped_text.hpp"

#include <openssl/crypto.h>

namespace tenon {

wiped_text::~wiped_text() { OPENSSL_cleanse(text_.data(), text_.capacity()); }

}  // namespace tenon
