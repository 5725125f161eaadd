// Cursor: where a page ended; opaque to clients, safe in a URL, and good for one list with one set
// of filters.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace responses_proxy {

struct RecordQuery;

struct Cursor {
  std::int64_t time = 0;    // microseconds
  std::int32_t number = 0;  // of the attempt, where one request has several rows
  std::string id;
};

// Which list, with which filters; equal on every replica.
std::uint32_t cursor_scope(std::string_view list, const RecordQuery& query);

std::string encode_cursor(const Cursor& cursor, std::uint32_t scope);
// Throws InvalidCursor, also for a cursor of another scope.
Cursor decode_cursor(std::string_view text, std::uint32_t scope);

}  // namespace responses_proxy
