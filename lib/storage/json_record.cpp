#include "storage/json_record.h"

#include "core/json.h"
#include "storage/record_fields.h"

namespace responses_proxy {

namespace {

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

std::optional<RequestRecord> record_from_json(std::string_view text) {
  const Json object = Json::parse(text, nullptr, false);
  try {
    RequestRecord record = from_object(request_fields(), object);
    if (record.request_id.empty()) return std::nullopt;
    const auto attempts = object.find("attempts");
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
