// Cursor: where a page ended; opaque to clients, safe in a URL.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace responses_proxy {

struct Cursor {
  std::int64_t time = 0;    // microseconds
  std::int64_t number = 0;  // of the attempt, where one request has several rows
  std::string id;
};

std::string encode_cursor(const Cursor& cursor);
// Throws InvalidCursor.
Cursor decode_cursor(std::string_view text);

}  // namespace responses_proxy
