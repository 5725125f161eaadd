// Reads JSON that clients and upstreams send, with simdjson.
//
// The parser's buffers are reused per thread; a document larger than kKeptBytes gets a parser of
// its own, so that one huge body does not leave its memory behind on the thread.
#pragma once

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/json_reads.h"
#include "core/lone_surrogates.h"

namespace responses_proxy {

inline constexpr std::size_t kKeptBytes = 1024 * 1024;

// simdjson copies even no bytes from where there may be none.
inline simdjson::simdjson_result<simdjson::dom::element> parsed(simdjson::dom::parser& parser,
                                                                std::string_view text) {
  if (text.empty()) return simdjson::EMPTY;
  return parser.parse(text.data(), text.size());
}

// Calls `read(simdjson::dom::element)` with the document; the element and every string_view in it
// are only valid during the call. With an error `read` was not called.
template <class Read>
simdjson::error_code parse_json(std::string_view text, Read&& read) {
  // Not shared state: a scratch buffer, one per thread.
  static thread_local simdjson::dom::parser thread_parser;
  std::optional<simdjson::dom::parser> own_parser;
  simdjson::dom::parser& parser = text.size() <= kKeptBytes ? thread_parser : own_parser.emplace();
  simdjson::dom::element document;
  ++json_reads().parsed;
  const simdjson::error_code error = parsed(parser, text).get(document);
  if (error == simdjson::SUCCESS) std::forward<Read>(read)(document);
  return error;
}

// The same; false: `text` is not JSON, or holds what this parser cannot.
template <class Read>
bool read_json(std::string_view text, Read&& read) {
  return parse_json(text, std::forward<Read>(read)) == simdjson::SUCCESS;
}

// The same; half a surrogate pair, which no text can hold, is read as U+FFFD.
template <class Read>
bool read_any_json(std::string_view text, Read&& read) {
  const simdjson::error_code error = parse_json(text, read);
  if (error != simdjson::STRING_ERROR) return error == simdjson::SUCCESS;
  return read_json(without_lone_surrogates(text), read);
}

// A document that stays while something is made of it, read as read_any_json() does.
class JsonDocument {
 public:
  // false: it is not JSON, or holds what this parser cannot.
  bool read(std::string_view text) {
    simdjson::error_code error = parsed(parser_, text).get(root_);
    if (error == simdjson::STRING_ERROR) {
      const std::string whole = without_lone_surrogates(text);
      error = parsed(parser_, whole).get(root_);
    }
    return error == simdjson::SUCCESS;
  }
  // Only after read(); it and every text in it are valid until the next one.
  simdjson::dom::element root() const { return root_; }

 private:
  simdjson::dom::parser parser_;
  simdjson::dom::element root_;
};

// Whether `error` means that the text is no JSON to any parser. The others are about values that
// this one cannot hold: numbers of any size, half a surrogate pair, any depth.
inline bool is_broken_json(simdjson::error_code error) {
  constexpr std::array kBroken = {
      simdjson::TAPE_ERROR,      simdjson::EMPTY,        simdjson::UNCLOSED_STRING,
      simdjson::UNESCAPED_CHARS, simdjson::UTF8_ERROR,   simdjson::INCOMPLETE_ARRAY_OR_OBJECT,
      simdjson::T_ATOM_ERROR,    simdjson::F_ATOM_ERROR, simdjson::N_ATOM_ERROR,
  };
  return std::find(kBroken.begin(), kBroken.end(), error) != kBroken.end();
}

// The string at `key`, "" if there is none.
inline std::string_view string_at(simdjson::dom::element object, std::string_view key) {
  std::string_view text;
  if (object[key].get(text) != simdjson::SUCCESS) return {};
  return text;
}

}  // namespace responses_proxy
