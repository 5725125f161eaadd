#include "control/rows.h"

#include "control/time_text.h"
#include "storage/record_fields.h"
#include "storage/record_json.h"
#include "storage/sql_values.h"

namespace responses_proxy::control {

namespace {

Json number_value(FieldKind kind, std::int64_t number) {
  switch (kind) {
    case FieldKind::flag:
      return number != 0;
    case FieldKind::time:
      return format_time(from_micros(number));
    case FieldKind::duration:
      return to_millis(std::chrono::microseconds(number));
    default:
      return number;
  }
}

template <class Record>
Json value_of(const RecordField<Record>& field, const Record& record) {
  const SqlValue value = field.get(record);
  if (const auto* text = std::get_if<std::string>(&value)) return text_or_null(*text);
  const auto* number = std::get_if<std::int64_t>(&value);
  if (number == nullptr || (*number == 0 && field.zero_is_absent)) return nullptr;
  return number_value(field.kind, *number);
}

template <class Record>
Json row_of(RecordFields<Record> fields, const Record& record) {
  Json row = Json::object();
  for (const RecordField<Record>& field : fields) {
    if (!field.row.empty()) member_at(row, field.row) = value_of(field, record);
  }
  return row;
}

const char* key_name(UsageBy by) {
  switch (by) {
    case UsageBy::day:
      return "day";
    case UsageBy::model:
      return "model";
    case UsageBy::resource:
      return "resource_id";
    case UsageBy::session:
      return "session_id";
    case UsageBy::caller:
      return "caller";
  }
  return "";
}

}  // namespace

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

double to_millis(std::chrono::microseconds duration) {
  return static_cast<double>(duration.count()) / 1000.0;
}

Json to_row(const RequestRecord& record) {
  Json row = row_of(request_fields(), record);
  // The resource that made the answer.
  const AttemptRecord last = record.attempts.empty() ? AttemptRecord{} : record.attempts.back();
  row["resource_id"] = text_or_null(last.resource_id);
  row["provider_id"] = text_or_null(last.provider_id);
  row["pool_id"] = text_or_null(last.pool_id);
  Json& attempts = row["attempts"] = Json::array();
  for (const AttemptRecord& attempt : record.attempts) {
    attempts.push_back(row_of(attempt_fields(), attempt));
  }
  return row;
}

Json to_row(const DecisionRow& decision) {
  return row_of(decision_fields(), decision);
}

Json to_row(const SessionRow& session) {
  return row_of(session_fields(), session);
}

Json to_event(const RequestRecord& record) {
  const std::string type = "request.completed";
  return {{"event_id", record.request_id + ":" + type},  // the same whenever it is asked for
          {"type", type},
          {"request_id", record.request_id},
          {"created_at", format_time(record.created_at)},
          {"payload", record_to_json(record)}};
}

Json to_row(const UsageRow& usage, UsageBy by) {
  Json row{{key_name(by), text_or_null(usage.key)},
           {"requests", usage.requests},
           {"errors", usage.errors}};
  for (const auto& [name, count] : kTokenCounts) {
    const std::optional<std::int64_t>& sum = usage.usage.*count;
    row[name] = sum ? Json(*sum) : Json(nullptr);
  }
  return row;
}

}  // namespace responses_proxy::control
