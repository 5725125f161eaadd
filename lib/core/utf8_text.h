// Texts of clients and upstreams in a form that JSON and every database can hold.
#pragma once

#include <string>
#include <string_view>

namespace responses_proxy {

// `text` as valid UTF-8 without NUL: other bytes become U+FFFD. At most `max_bytes`, cut at a whole
// character.
std::string utf8_text(std::string_view text, std::size_t max_bytes);

// Takes off a byte order mark in front: no part of JSON, but some clients send one.
void drop_byte_order_mark(std::string& text);

}  // namespace responses_proxy
