// Cursor: where a page ended; opaque to clients, safe in a URL, and good for one list with one set
// of filters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace responses_proxy {

struct RecordQuery;

struct Cursor {
  std::int64_t time = 0;    // microseconds
  std::int32_t number = 0;  // of lists of requests: what key_cursor() puts there
  std::string id;
};

// Behind an attempt of the request with this key (record_key.h), the last ones first; 0 = behind
// all of it. A cursor that an earlier version gave out is behind the same request.
Cursor key_cursor(std::int64_t key, int attempt, std::string request_id);
std::int64_t cursor_key(const Cursor& cursor);
// How many of the request's attempts are still to come.
std::size_t attempts_left(const Cursor& cursor);

// Which list, with which filters; equal on every replica.
std::uint32_t cursor_scope(std::string_view list, const RecordQuery& query);

std::string encode_cursor(const Cursor& cursor, std::uint32_t scope);
// Throws InvalidCursor, also for a cursor of another scope.
Cursor decode_cursor(std::string_view text, std::uint32_t scope);

}  // namespace responses_proxy
