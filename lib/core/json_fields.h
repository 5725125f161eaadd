// Picks a few fields out of a JSON object and skims over everything else.
//
// What is passed over is not judged: numbers of any size, any depth, values no parser here could
// hold. Only its brackets are counted, its strings found and its UTF-8 checked; the cost is one
// pass over the text, and neither memory nor stack grow with its depth.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/json_members.h"

namespace responses_proxy {

// Sees the objects in an array, one after the other: each stands in the field's `children` when it
// is to be taken.
class JsonElements {
 public:
  virtual void restart() = 0;  // an array begins; what an earlier one had does not count
  virtual void take() = 0;

 protected:
  ~JsonElements() = default;
};

struct JsonField {
  enum class Kind : std::uint8_t {
    none,
    text,
    boolean,
    integer,
    object,
    other
  };  // none: missing or null

  enum class Take : std::uint8_t {
    value,
    place,  // where it stands, and its kind; nothing in it is read
    both,
  };

  std::string_view key;
  std::span<JsonField> children = {};  // read if the value is an object
  JsonElements* elements = nullptr;    // told of the objects in it if the value is an array
  Take take = Take::value;
  Kind kind = Kind::none;
  std::string text = {};
  bool flag = false;
  std::int64_t integer = 0;
  std::string_view place = {};  // the value in the text that was given, "" if it is missing
};

enum class JsonOutcome : std::uint8_t { read, not_an_object, not_json };

// Of duplicate keys the last counts, as it does for the parsers of most upstreams. What stands in
// an object is of this call only where that was read: see its kind.
JsonOutcome read_json_fields(std::string_view text, std::span<JsonField> fields);

// In one pass with read_members(): `members` are views into `object`. Complete only if the outcome
// is `read`.
JsonOutcome read_json_fields(std::string_view object, std::span<JsonField> fields,
                             JsonMembers& members);

}  // namespace responses_proxy
