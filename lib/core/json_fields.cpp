#include "core/json_fields.h"

#include <simdjson.h>

#include <charconv>
#include <system_error>

#include "core/json_cursor.h"
#include "core/json_reader.h"
#include "core/json_reads.h"

namespace responses_proxy {

namespace {

using Kind = JsonField::Kind;
using Take = JsonField::Take;

bool read_object(JsonCursor& json, std::span<JsonField> fields, JsonMembers* members = nullptr);

// `each` takes an element.
template <class Each>
bool read_list(JsonCursor& json, char open, char close, Each&& each) {
  if (!json.take(open)) return false;
  if (json.take(close)) return true;
  do {
    if (!each()) return false;
  } while (json.take(','));
  return json.take(close);
}

bool read_text(JsonCursor& json, JsonField& field) {
  const std::string_view string = json.take_string();
  if (string.empty()) return false;
  field.kind = Kind::text;
  if (json.escaped()) return unescape(string, field.text);
  field.text.assign(string.data() + 1, string.size() - 2);
  return true;
}

// Of any size or form; only what fits is of use.
Kind read_number(std::string_view number, std::int64_t& integer) {
  const std::string_view digits = number.substr(number.front() == '-' ? 1 : 0);
  const bool padded = digits.size() > 1 && digits.front() == '0';
  const char* const end = number.data() + number.size();
  const auto [stop, error] = std::from_chars(number.data(), end, integer);
  return !padded && error == std::errc{} && stop == end ? Kind::integer : Kind::other;
}

bool read_word(std::string_view word, JsonField& field) {
  if (word == "null") return true;
  field.kind = Kind::boolean;
  field.flag = word == "true";
  return field.flag || word == "false";
}

bool read_scalar(JsonCursor& json, JsonField& field) {
  const std::string_view scalar = json.take_value();
  if (scalar.empty()) return false;
  const bool number = scalar.front() == '-' || (scalar.front() >= '0' && scalar.front() <= '9');
  if (!number) return read_word(scalar, field);
  field.kind = read_number(scalar, field.integer);
  return true;
}

bool read_elements(JsonCursor& json, JsonField& field) {
  return read_list(json, '[', ']', [&] {
    if (json.next() != '{') return json.pass_value();
    if (!read_object(json, field.children)) return false;
    field.elements->take();
    return true;
  });
}

Kind kind_by(char first) {
  switch (first) {
    case 'n':
      return Kind::none;
    case '"':
      return Kind::text;
    case '{':
      return Kind::object;
    default:
      return Kind::other;
  }
}

bool read_content(JsonCursor& json, JsonField& field) {
  switch (json.next()) {
    case '{':
      field.kind = Kind::object;
      return read_object(json, field.children);
    case '[':
      field.kind = Kind::other;
      return field.elements != nullptr ? read_elements(json, field) : json.pass_value();
    case '"':
      if (field.elements == nullptr) return read_text(json, field);
      field.kind = Kind::other;  // an input that is one text: as long as the body, and of no use
      return json.pass_value();
    default:
      return read_scalar(json, field);
  }
}

void forget(JsonField& field) {
  field.kind = Kind::none;
  field.text.clear();
  field.place = {};
}

bool read_value(JsonCursor& json, JsonField& field) {
  forget(field);
  if (field.elements != nullptr) field.elements->restart();
  const char first = json.next();
  const char* const begin = json.place();
  bool read = false;
  if (field.take == Take::place) {
    field.kind = kind_by(first);
    read = json.pass_value();
  } else {
    read = read_content(json, field);
  }
  if (field.take != Take::value) field.place = json.since(begin);
  return read;
}

// The fields of an object, none of which is named "". Most of its keys are none of theirs, which
// most often shows by their length and first letter together.
class Wanted {
 public:
  explicit Wanted(std::span<JsonField> fields) : fields_(fields) {
    for (JsonField& field : fields) {
      forget(field);  // an earlier duplicate of the object does not count
      looks_ |= look(field.key);
    }
  }
  JsonField* find(std::string_view key) const {
    if (key.empty() || (looks_ & look(key)) == 0) return nullptr;
    for (JsonField& field : fields_) {
      if (field.key.size() == key.size() && field.key == key) return &field;
    }
    return nullptr;
  }

 private:
  static std::uint64_t look(std::string_view key) {
    const auto first = static_cast<unsigned char>(key.front());
    return std::uint64_t{1} << ((key.size() + 21 * first) % 64);  // with 21 nearly all differ
  }

  std::span<JsonField> fields_;
  std::uint64_t looks_ = 0;  // one bit for each look that a field has
};

bool read_member(JsonCursor& json, JsonField* field) {
  return field == nullptr ? json.pass_value() : read_value(json, *field);
}

// However it is spelled, a key is the same key. One with half a surrogate pair is none that anybody
// asks for: where all members are wanted it stays as it is written.
bool read_kept_member(JsonCursor& json, std::string_view written, const Wanted& fields,
                      JsonMembers* members) {
  std::string key(written, 1, written.size() - 2);
  if (json.escaped() && !unescape(written, key) && members == nullptr) return false;
  if (!json.take(':')) return false;
  json.next();
  const char* const value = json.place();
  if (!read_member(json, fields.find(key))) return false;
  if (members == nullptr) return true;
  if (members->size() == kMaxMembers) return false;
  members->push_back({std::move(key), json.since(value), json.since(written.data())});
  return true;
}

bool read_member(JsonCursor& json, const Wanted& fields, JsonMembers* members) {
  const std::string_view written = json.take_string();
  if (written.empty()) return false;
  if (members != nullptr || json.escaped()) return read_kept_member(json, written, fields, members);
  const std::string_view key(written.data() + 1, written.size() - 2);
  return json.take(':') && read_member(json, fields.find(key));
}

bool read_object(JsonCursor& json, std::span<JsonField> fields, JsonMembers* members) {
  const Wanted wanted(fields);
  return read_list(json, '{', '}', [&] { return read_member(json, wanted, members); });
}

JsonOutcome read_document(std::string_view text, std::span<JsonField> fields,
                          JsonMembers* members) {
  ++json_reads().skimmed;
  if (!simdjson::validate_utf8(text.data(), text.size())) return JsonOutcome::not_json;
  JsonCursor json(text);
  if (json.next() == '{') {
    const bool whole = read_object(json, fields, members) && json.at_end();
    return whole ? JsonOutcome::read : JsonOutcome::not_json;
  }
  const bool other = read_json(text, [](simdjson::dom::element) {});
  return other ? JsonOutcome::not_an_object : JsonOutcome::not_json;
}

}  // namespace

JsonOutcome read_json_fields(std::string_view text, std::span<JsonField> fields) {
  return read_document(text, fields, nullptr);
}

JsonOutcome read_json_fields(std::string_view object, std::span<JsonField> fields,
                             JsonMembers& members) {
  members.clear();
  return read_document(object, fields, &members);
}

}  // namespace responses_proxy
