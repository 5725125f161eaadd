#include "core/json_fields.h"

#include <simdjson.h>

#include <algorithm>
#include <optional>

#include "core/json_reader.h"

namespace responses_proxy {

namespace {

namespace ondemand = simdjson::ondemand;
using simdjson::error_code;
using simdjson::SUCCESS;
using Kind = JsonField::Kind;

error_code read_object(ondemand::object object, std::span<JsonField> fields);

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

error_code read_elements(ondemand::value value, JsonField& field) {
  ondemand::array array;
  if (const error_code error = value.get_array().get(array)) return error;
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

error_code read_value(ondemand::value value, JsonField& field) {
  field.kind = Kind::none;
  field.text.clear();
  if (field.elements != nullptr) field.elements->restart();
  ondemand::json_type type{};
  if (const error_code error = value.type().get(type)) return error;
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
      return read_object(object, field.children);
    }
    case ondemand::json_type::number:
      // Of any size or form; only what fits is of use.
      field.kind = value.get_int64().get(field.integer) == SUCCESS ? Kind::integer : Kind::other;
      return SUCCESS;
    case ondemand::json_type::array:
      field.kind = Kind::other;
      return field.elements != nullptr ? read_elements(value, field) : SUCCESS;
  }
  return SUCCESS;
}

error_code read_object(ondemand::object object, std::span<JsonField> fields) {
  for (JsonField& field : fields) {  // an earlier duplicate of the object does not count
    field.kind = Kind::none;
    field.text.clear();
  }
  for (auto member : object) {
    ondemand::field found;
    std::string_view key;
    if (const error_code error = std::move(member).get(found)) return error;
    if (const error_code error = found.unescaped_key().get(key)) return error;
    const auto wanted =
        std::find_if(fields.begin(), fields.end(), [&](const auto& f) { return f.key == key; });
    if (wanted == fields.end()) continue;
    if (const error_code error = read_value(found.value(), *wanted)) return error;
  }
  return SUCCESS;
}

JsonOutcome read_document(ondemand::parser& parser, simdjson::padded_string_view text,
                          std::span<JsonField> fields) {
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
  if (document.get_object().get(object) != SUCCESS || read_object(object, fields) != SUCCESS) {
    return JsonOutcome::not_json;
  }
  const bool at_end = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
  return at_end ? JsonOutcome::read : JsonOutcome::not_json;
}

}  // namespace

JsonOutcome read_json_fields(std::string_view text, std::span<JsonField> fields) {
  // Not shared state: scratch memory, one per thread; a large document gets memory of its own.
  static thread_local ondemand::parser thread_parser;
  static thread_local std::string thread_text;
  std::optional<ondemand::parser> own_parser;
  std::string own_text;
  const bool kept = text.size() <= kKeptBytes;
  ondemand::parser& parser = kept ? thread_parser : own_parser.emplace();
  std::string& padded = kept ? thread_text : own_text;
  padded.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  padded.assign(text);
  return read_document(parser, simdjson::padded_string_view(padded), fields);
}

}  // namespace responses_proxy
