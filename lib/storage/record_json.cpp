#include "storage/record_json.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "storage/sql_values.h"

namespace responses_proxy {

namespace {

std::string time_text(WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto micros = std::chrono::floor<std::chrono::microseconds>(time - seconds);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(seconds), micros.count());
}

Json number_value(FieldKind kind, std::int64_t number) {
  if (kind == FieldKind::time) return time_text(from_micros(number));
  if (kind == FieldKind::flag) return number != 0;
  return number;
}

// What is not known, or was not captured, is null and not an empty text.
Json event_value(FieldKind kind, const SqlValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return number_value(kind, *number);
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr || text->empty()) return nullptr;
  return *text;
}

template <class Record>
Json to_json(RecordFields<Record> fields, const Record& record) {
  Json json = Json::object();
  for (const RecordField<Record>& field : fields) {
    member_at(json, field.event) = event_value(field.kind, field.get(record));
  }
  return json;
}

}  // namespace

Json record_to_json(const RequestRecord& record) {
  Json json = to_json(request_fields(), record);
  Json& attempts = json["attempts"] = Json::array();
  for (const AttemptRecord& attempt : record.attempts) {
    attempts.push_back(to_json(attempt_fields(), attempt));
  }
  return json;
}

}  // namespace responses_proxy
