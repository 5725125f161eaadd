#include "storage/record_codec.h"

#include "core/json.h"
#include "storage/record_fields.h"

namespace responses_proxy {

namespace {

constexpr const char* kAttempts = "attempts";

Json to_json(const SqlValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return *number;
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  return nullptr;
}

template <class Record>
Json to_object(RecordFields<Record> fields, const Record& record) {
  Json object = Json::object();
  for (const RecordField<Record>& field : fields) object[field.column] = to_json(field.get(record));
  return object;
}

// One value in the place of a row.
class JsonRow final : public SqlRow {
 public:
  explicit JsonRow(const Json& value) : value_(value) {}
  bool is_null(int) const override { return value_.is_null(); }
  std::int64_t integer(int) const override {
    if (!value_.is_number_integer()) throw StorageError("not an integer");
    return value_.get<std::int64_t>();
  }
  std::string text(int) const override {
    if (!value_.is_string()) throw StorageError("not a text");
    return value_.get<std::string>();
  }

 private:
  const Json& value_;
};

template <class Record>
Record from_object(RecordFields<Record> fields, const Json& object) {
  if (!object.is_object()) throw StorageError("not an object");
  Record record;
  for (const RecordField<Record>& field : fields) {
    const auto member = object.find(field.column);
    if (member != object.end()) field.set(JsonRow(*member), 0, record);
  }
  return record;
}

}  // namespace

std::string encode_record(const RequestRecord& record) {
  Json object = to_object(request_fields(), record);
  Json& attempts = object[kAttempts] = Json::array();
  for (const auto& attempt : record.attempts) {
    attempts.push_back(to_object(attempt_fields(), attempt));
  }
  return dump(object);
}

std::optional<RequestRecord> decode_record(std::string_view text) {
  const Json object = Json::parse(text, nullptr, false);
  try {
    RequestRecord record = from_object(request_fields(), object);
    if (record.request_id.empty()) return std::nullopt;
    const auto attempts = object.find(kAttempts);
    if (attempts == object.end() || !attempts->is_array()) return std::nullopt;
    for (const Json& attempt : *attempts) {
      record.attempts.push_back(from_object(attempt_fields(), attempt));
    }
    return record;
  } catch (const StorageError&) {
    return std::nullopt;
  }
}

}  // namespace responses_proxy
