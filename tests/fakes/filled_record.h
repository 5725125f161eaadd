// A record with a value of its own in every described field: a field that is not written, or not
// read, or read into another one's place, comes back different.
#pragma once

#include <string>

#include "storage/record_fields.h"

namespace responses_proxy::testing {

// One value in the place of a row.
class OneValue final : public SqlRow {
 public:
  explicit OneValue(const SqlValue& value) : value_(value) {}
  bool is_null(int) const override { return std::holds_alternative<std::monostate>(value_); }
  std::int64_t integer(int) const override { return std::get<std::int64_t>(value_); }
  std::string text(int) const override { return std::get<std::string>(value_); }

 private:
  const SqlValue& value_;
};

// Differs from that of every other field of the list, but for flags.
template <class Record>
SqlValue value_of_field(const RecordField<Record>& field, std::int64_t number) {
  if (field.is_text()) return field.column + " of " + std::to_string(number);
  return field.kind == FieldKind::flag ? 1 : number;
}

template <class Record>
Record filled(RecordFields<Record> fields, std::int64_t first_number) {
  Record record;
  std::int64_t number = first_number;
  for (const RecordField<Record>& field : fields) {
    const SqlValue value = value_of_field(field, number++);
    field.set(OneValue(value), 0, record);
  }
  return record;
}

inline RequestRecord filled_record() {
  RequestRecord record = filled(request_fields(), 1'000);
  record.attempts = {filled(attempt_fields(), 2'000), filled(attempt_fields(), 3'000)};
  return record;
}

}  // namespace responses_proxy::testing
