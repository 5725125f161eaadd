#include "core/json_fields.h"

#include <simdjson.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "core/json_reader.h"
#include "core/json_reads.h"
#include "responses_proxy/request.h"

namespace responses_proxy {

namespace {

namespace ondemand = simdjson::ondemand;
using simdjson::error_code;
using simdjson::SUCCESS;
using Kind = JsonField::Kind;

// Where the members of an object stand.
struct Places {
  const char* limit;  // the end of the text
  JsonMembers& members;
};

std::string_view trimmed(std::string_view text) {
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  return text.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

// `begin`: behind the key's first quote.
std::string_view written_key(const char* begin, const char* limit) {
  const char* end = begin;
  while (end < limit && *end != '"') end += *end == '\\' ? 2 : 1;
  return {begin, static_cast<std::size_t>(end - begin)};
}

// From the key's first quote to the end of the value.
error_code note_place(const Places& places, const char* key_begin, std::string key,
                      std::string_view value) {
  if (places.members.size() == kMaxMembers) return simdjson::CAPACITY;
  const char* const begin = key_begin - 1;
  value = trimmed(value);
  const auto size = static_cast<std::size_t>(value.data() + value.size() - begin);
  places.members.push_back({std::move(key), value, {begin, size}});
  return SUCCESS;
}

error_code read_object(ondemand::object object, std::span<JsonField> fields,
                       const Places* places = nullptr);

error_code read_text(ondemand::value value, JsonField& field) {
  std::string_view text;
  if (const error_code error = value.get_string().get(text)) return error;
  field.kind = Kind::text;
  field.text = text;
  return SUCCESS;
}

error_code read_null(ondemand::value value) {
  bool null = false;
  if (const error_code error = value.is_null().get(null)) return error;
  return null ? SUCCESS : simdjson::N_ATOM_ERROR;
}

error_code read_elements(ondemand::array array, JsonField& field) {
  for (auto element : array) {
    ondemand::value item;
    ondemand::json_type type{};
    ondemand::object object;
    if (const error_code error = std::move(element).get(item)) return error;
    if (const error_code error = item.type().get(type)) return error;
    if (type != ondemand::json_type::object) continue;
    if (const error_code error = item.get_object().get(object)) return error;
    if (const error_code error = read_object(object, field.children)) return error;
    field.elements->take();
  }
  return SUCCESS;
}

// The whole of it; afterwards it can be read from its beginning.
template <class Container>
error_code take_text(Container& container, std::string_view* text) {
  if (text == nullptr) return SUCCESS;
  if (const error_code error = container.raw_json().get(*text)) return error;
  return container.reset().error();
}

// A value that is passed over, as it stands.
error_code read_text_of(ondemand::value value, std::string_view& text) {
  ondemand::json_type type{};
  if (const error_code error = value.type().get(type)) return error;
  if (type == ondemand::json_type::array) {
    ondemand::array array;
    if (const error_code error = value.get_array().get(array)) return error;
    return array.raw_json().get(text);
  }
  if (type == ondemand::json_type::object) {
    ondemand::object object;
    if (const error_code error = value.get_object().get(object)) return error;
    return object.raw_json().get(text);
  }
  text = value.raw_json_token();
  return SUCCESS;
}

Kind kind_of(ondemand::json_type type) {
  switch (type) {
    case ondemand::json_type::null:
      return Kind::none;
    case ondemand::json_type::string:
      return Kind::text;
    case ondemand::json_type::object:
      return Kind::object;
    default:
      return Kind::other;
  }
}

// `text`: gets the value as it stands, if it is not null.
error_code read_value(ondemand::value value, JsonField& field, std::string_view* text) {
  field.kind = Kind::none;
  field.text.clear();
  field.place = {};
  if (field.elements != nullptr) field.elements->restart();
  ondemand::json_type type{};
  if (const error_code error = value.type().get(type)) return error;
  if (text == nullptr && field.take != JsonField::Take::value) text = &field.place;
  if (field.take == JsonField::Take::place) {
    field.kind = kind_of(type);
    return read_text_of(value, *text);
  }
  if (text != nullptr) *text = value.raw_json_token();  // of a container: its first character
  switch (type) {
    case ondemand::json_type::null:
      return read_null(value);
    case ondemand::json_type::string:
      if (field.elements == nullptr) return read_text(value, field);
      field.kind = Kind::other;  // an input that is one text: as long as the body, and of no use
      return SUCCESS;
    case ondemand::json_type::boolean:
      field.kind = Kind::boolean;
      return value.get_bool().get(field.flag);
    case ondemand::json_type::object: {
      field.kind = Kind::object;
      ondemand::object object;
      if (const error_code error = value.get_object().get(object)) return error;
      if (const error_code error = take_text(object, text)) return error;
      return read_object(object, field.children);
    }
    case ondemand::json_type::number:
      // Of any size or form; only what fits is of use.
      field.kind = value.get_int64().get(field.integer) == SUCCESS ? Kind::integer : Kind::other;
      return SUCCESS;
    case ondemand::json_type::array: {
      field.kind = Kind::other;
      ondemand::array array;
      if (const error_code error = value.get_array().get(array)) return error;
      if (const error_code error = take_text(array, text)) return error;
      return field.elements != nullptr ? read_elements(array, field) : SUCCESS;
    }
  }
  return SUCCESS;
}

error_code read_member(ondemand::field& found, std::span<JsonField> fields, const Places* places) {
  const char* const begin = found.key().raw();
  std::string_view key;
  if (const error_code error = found.unescaped_key().get(key)) {
    if (places == nullptr) return error;
    key = written_key(begin, places->limit);  // it is none that anybody asks for
  }
  const auto wanted =
      std::find_if(fields.begin(), fields.end(), [&](const auto& f) { return f.key == key; });
  if (places == nullptr) {
    return wanted == fields.end() ? SUCCESS : read_value(found.value(), *wanted, nullptr);
  }
  std::string name(key);  // lasts no longer than until the next text is read
  std::string_view text;
  const error_code error = wanted == fields.end() ? read_text_of(found.value(), text)
                                                  : read_value(found.value(), *wanted, &text);
  return error == SUCCESS ? note_place(*places, begin, std::move(name), text) : error;
}

error_code read_object(ondemand::object object, std::span<JsonField> fields, const Places* places) {
  for (JsonField& field : fields) {  // an earlier duplicate of the object does not count
    field.kind = Kind::none;
    field.text.clear();
    field.place = {};
  }
  for (auto member : object) {
    ondemand::field found;
    if (const error_code error = std::move(member).get(found)) return error;
    if (const error_code error = read_member(found, fields, places)) return error;
  }
  return SUCCESS;
}

JsonOutcome read_document(ondemand::parser& parser, simdjson::padded_string_view text,
                          std::span<JsonField> fields, const Places* places = nullptr) {
  ondemand::document document;
  ondemand::json_type type{};
  if (parser.iterate(text).get(document) != SUCCESS || document.type().get(type) != SUCCESS) {
    return JsonOutcome::not_json;
  }
  if (type != ondemand::json_type::object) {
    const bool json = read_json({text.data(), text.size()}, [](simdjson::dom::element) {});
    return json ? JsonOutcome::not_an_object : JsonOutcome::not_json;
  }
  ondemand::object object;
  if (document.get_object().get(object) != SUCCESS ||
      read_object(object, fields, places) != SUCCESS) {
    return JsonOutcome::not_json;
  }
  const bool at_end = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
  return at_end ? JsonOutcome::read : JsonOutcome::not_json;
}

void make_room(std::string& text) {
  static_assert(Request::kBodyPadding >= simdjson::SIMDJSON_PADDING);
  text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
}

JsonOutcome read_in_place(const std::string& text, std::span<JsonField> fields,
                          const Places* places = nullptr) {
  // Not shared state: scratch memory, one per thread; a large document gets memory of its own.
  static thread_local ondemand::parser thread_parser;
  std::optional<ondemand::parser> own_parser;
  ondemand::parser& parser = text.size() <= kKeptBytes ? thread_parser : own_parser.emplace();
  ++json_reads().skimmed;
  const simdjson::padded_string_view padded(text.data(), text.size(), text.capacity());
  return read_document(parser, padded, fields, places);
}

// They are noted in a copy; `text` is what that was made of.
void move_places(std::span<JsonField> fields, std::string_view text, std::string_view copy) {
  for (JsonField& field : fields) {
    if (!field.place.empty()) {
      const auto at = static_cast<std::size_t>(field.place.data() - copy.data());
      field.place = trimmed(text.substr(at, field.place.size()));
    }
    if (field.kind == Kind::object) move_places(field.children, text, copy);
  }
}

}  // namespace

JsonOutcome read_json_fields(std::string_view text, std::span<JsonField> fields) {
  static thread_local std::string thread_text;  // likewise
  std::string own_text;
  std::string& copy = text.size() <= kKeptBytes ? thread_text : own_text;
  copy.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  copy.assign(text);
  const JsonOutcome outcome = read_in_place(copy, fields);
  if (outcome == JsonOutcome::read) move_places(fields, text, copy);
  return outcome;
}

JsonOutcome read_json_fields(std::string& text, std::span<JsonField> fields) {
  make_room(text);
  return read_in_place(text, fields);
}

JsonOutcome read_json_fields(std::string& object, std::span<JsonField> fields,
                             JsonMembers& members) {
  make_room(object);
  members.clear();
  const Places places{object.data() + object.size(), members};
  return read_in_place(object, fields, &places);
}

}  // namespace responses_proxy
