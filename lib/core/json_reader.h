// Reads JSON that clients and upstreams send, with simdjson.
//
// The parser's buffers are reused per thread; a document larger than kKeptBytes gets a parser of
// its own, so that one huge body does not leave its memory behind on the thread.
#pragma once

#include <simdjson.h>

#include <optional>
#include <string_view>
#include <utility>

namespace responses_proxy {

inline constexpr std::size_t kKeptBytes = 1024 * 1024;

// Calls `read(simdjson::dom::element)` with the document; the element and every string_view in it
// are only valid during the call. false: `text` is not JSON, and `read` was not called.
template <class Read>
bool read_json(std::string_view text, Read&& read) {
  // Not shared state: a scratch buffer, one per thread.
  static thread_local simdjson::dom::parser thread_parser;
  std::optional<simdjson::dom::parser> own_parser;
  simdjson::dom::parser& parser = text.size() <= kKeptBytes ? thread_parser : own_parser.emplace();
  simdjson::dom::element document;
  if (parser.parse(text.data(), text.size()).get(document) != simdjson::SUCCESS) return false;
  std::forward<Read>(read)(document);
  return true;
}

// The string at `key`, "" if there is none.
inline std::string_view string_at(simdjson::dom::element object, std::string_view key) {
  std::string_view text;
  if (object[key].get(text) != simdjson::SUCCESS) return {};
  return text;
}

}  // namespace responses_proxy
