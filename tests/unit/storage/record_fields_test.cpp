#include "storage/record_fields.h"

#include <doctest/doctest.h>

#include <set>

#include "fakes/filled_record.h"
#include "storage/record_codec.h"
#include "storage/record_json.h"

using namespace responses_proxy;
using testing::filled;
using testing::filled_record;

namespace {

template <class Record>
void check_own_members(RecordFields<Record> fields) {
  const Record record = filled(fields, 1);
  std::int64_t number = 1;
  for (const RecordField<Record>& field : fields) {
    CAPTURE(field.column);
    CHECK(field.get(record) == testing::value_of_field(field, number++));
  }
}

template <class Record>
void check_own_names(RecordFields<Record> fields) {
  std::set<std::string> columns;
  std::set<std::string> events;
  std::set<std::string> rows;
  for (const RecordField<Record>& field : fields) {
    CAPTURE(field.column);
    CHECK(columns.insert(field.column).second);
    CHECK(events.insert(field.event).second);
    if (!field.row.empty()) CHECK(rows.insert(field.row).second);
  }
}

template <class Record>
void check_all_in_event(RecordFields<Record> fields, Json event) {
  for (const RecordField<Record>& field : fields) {
    CAPTURE(field.event);
    CHECK_FALSE(member_at(event, field.event).is_null());
  }
}

}  // namespace

TEST_CASE("each field has a member and names of its own") {
  check_own_members(request_fields());
  check_own_members(attempt_fields());
  check_own_members(session_fields());
  check_own_members(decision_fields());
  check_own_names(request_fields());
  check_own_names(attempt_fields());
  check_own_names(session_fields());
  check_own_names(decision_fields());
}

TEST_CASE("each field survives the spool and the stream") {
  CHECK(decode_record(encode_record(filled_record())) == filled_record());
}

TEST_CASE("each field stands in the event") {
  Json event = record_to_json(filled_record());
  check_all_in_event(request_fields(), event);
  check_all_in_event(attempt_fields(), event["attempts"].at(1));
}

TEST_CASE("lists read all but the bodies") {
  CHECK(request_summary_fields().size() + request_body_fields().size() == request_fields().size());
  for (const auto& field : request_summary_fields()) CHECK(field.kind != FieldKind::body);
  for (const auto& field : request_body_fields()) CHECK(field.kind == FieldKind::body);
}
