#include "storage/record_fields.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "core/utf8_text.h"
#include "storage/sql_values.h"

namespace responses_proxy {

namespace {

FieldKind kind_of(const std::string&) {
  return FieldKind::text;
}
template <class Enum>
FieldKind kind_of(const Word<Enum>&) {
  return FieldKind::text;
}
FieldKind kind_of(bool) {
  return FieldKind::flag;
}
FieldKind kind_of(std::int64_t) {
  return FieldKind::number;
}
FieldKind kind_of(int) {
  return FieldKind::number;
}
FieldKind kind_of(WallTime) {
  return FieldKind::time;
}
FieldKind kind_of(std::chrono::microseconds) {
  return FieldKind::duration;
}
template <class T>
FieldKind kind_of(const std::optional<T>&) {
  return kind_of(T{});
}

// One line of a list. What JSON calls it is set where that is not the column's name.
template <class Record>
struct Line : RecordField<Record> {
  Line&& named(std::string_view name) && {
    this->event = this->row = name;
    return std::move(*this);
  }
  Line&& in_event(std::string_view name) && {
    this->event = name;
    return std::move(*this);
  }
  Line&& in_row(std::string_view name) && {
    this->row = name;
    return std::move(*this);
  }
  Line&& absent_when_zero() && {
    this->zero_is_absent = true;
    return std::move(*this);
  }
};

// `access` is a pointer to a member, or a function from the record to a reference.
template <class Record, class Access>
Line<Record> field(const char* column, Access access) {
  const Record sample{};
  Line<Record> line;
  line.column = line.event = line.row = column;
  line.kind = kind_of(std::invoke(access, sample));
  line.get = [access](const Record& record) { return to_sql(std::invoke(access, record)); };
  line.set = [access](const SqlRow& row, int index, Record& record) {
    from_sql(row, index, std::invoke(access, record));
  };
  return line;
}

// A body is kept as long as it comes; whoever captured it has cut it. No list shows it.
Line<RequestRecord> body_field(const char* column, std::string RequestRecord::*body) {
  Line<RequestRecord> line = field<RequestRecord>(column, body);
  line.kind = FieldKind::body;
  line.get = [body](const RequestRecord& record) -> SqlValue {
    return utf8_text(record.*body, std::string::npos);
  };
  return std::move(line).in_row("");
}

// The token counts of a record's `usage`.
template <class Record>
std::vector<RecordField<Record>> usage_fields() {
  std::vector<RecordField<Record>> fields;
  fields.reserve(std::size(kTokenCounts));
  for (const TokenCount& tokens : kTokenCounts) {
    fields.push_back(
        field<Record>(
            tokens.name,
            [count = tokens.count](auto& record) -> auto& { return record.usage.*count; })
            .in_event(std::string("usage/") + tokens.name));
  }
  return fields;
}

template <class Record>
std::vector<RecordField<Record>> operator+(std::vector<RecordField<Record>> fields,
                                           std::vector<RecordField<Record>> more) {
  std::move(more.begin(), more.end(), std::back_inserter(fields));
  return fields;
}

std::vector<RecordField<RequestRecord>> request_fields_that(bool (*wanted)(FieldKind)) {
  std::vector<RecordField<RequestRecord>> fields;
  std::copy_if(request_fields().begin(), request_fields().end(), std::back_inserter(fields),
               [&](const RecordField<RequestRecord>& field) { return wanted(field.kind); });
  return fields;
}

}  // namespace

RecordFields<RequestRecord> request_fields() {
  using R = RequestRecord;
  static const auto fields =
      std::vector<RecordField<R>>{
          field<R>("request_id", &R::request_id),
          field<R>("client_request_id", &R::client_request_id),
          field<R>("caller", &R::caller),
          field<R>("session_id", &R::session_id),
          field<R>("session_name", &R::session_name),
          field<R>("asked_pool_id", &R::requested_pool_id).named("requested_pool_id"),
          field<R>("model", &R::model),
          field<R>("model_alias", &R::model_alias),
          field<R>("status_code", &R::status_code),
          field<R>("created_at", &R::created_at),
          field<R>("duration_us", &R::duration).in_row("timings/duration_ms"),
          field<R>("first_byte_us", &R::first_byte).in_row("timings/first_byte_ms"),
          field<R>("proxy_us", &R::proxy_time).in_row("timings/proxy_ms"),
          field<R>("method", &R::method),
          field<R>("path", &R::path),
          field<R>("stream", &R::stream),
          field<R>("completed", &R::completed),
          field<R>("blame", &R::blame),
          field<R>("error", &R::error),
          field<R>("adjusted", &R::adjusted),
          field<R>("response_id", &R::response_id),
          field<R>("background", &R::background),
          field<R>("previous_response_id", &R::previous_response_id),
          field<R>("request_bytes", &R::request_bytes),
          field<R>("response_bytes", &R::response_bytes),
          field<R>("text_bytes", &R::text_bytes),
          body_field("request_body", &R::request_body),
          body_field("response_body", &R::response_body),
      } +
      usage_fields<R>();
  return fields;
}

RecordFields<RequestRecord> request_summary_fields() {
  static const auto fields =
      request_fields_that([](FieldKind kind) { return kind != FieldKind::body; });
  return fields;
}

RecordFields<RequestRecord> request_body_fields() {
  static const auto fields =
      request_fields_that([](FieldKind kind) { return kind == FieldKind::body; });
  return fields;
}

RecordFields<AttemptRecord> attempt_fields() {
  using A = AttemptRecord;
  static const auto fields =
      std::vector<RecordField<A>>{
          field<A>("resource_id", &A::resource_id),
          field<A>("provider_id", &A::provider_id),
          field<A>("pool_id", &A::pool_id),
          field<A>("reason", &A::reason),
          field<A>("started_at", &A::started_at),
          field<A>("duration_us", &A::duration).in_row("duration_ms"),
          field<A>("first_byte_us", &A::first_byte).in_row("first_byte_ms"),
          field<A>("status_code", &A::status_code).absent_when_zero(),
          field<A>("blame", &A::blame),
          field<A>("error", &A::error),
          field<A>("upstream_request_id", &A::upstream_request_id),
      } +
      usage_fields<A>();
  return fields;
}

RecordFields<SessionRow> session_fields() {
  using S = SessionRow;
  static const auto fields =
      std::vector<RecordField<S>>{
          field<S>("session_id", &S::session_id),
          field<S>("session_name", &S::session_name),
          field<S>("last_caller", &S::last_caller),
          field<S>("last_resource_id", &S::last_resource_id),
          field<S>("last_pool_id", &S::last_pool_id),
          field<S>("last_model", &S::last_model),
          field<S>("last_status_code", &S::last_status_code),
          field<S>("created_at", &S::created_at),
          field<S>("last_seen_at", &S::last_seen_at),
          field<S>("request_count", &S::request_count),
          field<S>("error_count", &S::error_count),
      } +
      usage_fields<S>();
  return fields;
}

RecordFields<DecisionRow> decision_fields() {
  using D = DecisionRow;
  static const auto fields = std::vector<RecordField<D>>{
      field<D>("r.request_id", &D::request_id).named("request_id"),
      field<D>("r.caller", &D::caller).named("caller"),
      field<D>("r.session_id", &D::session_id).named("session_id"),
      field<D>("r.session_name", &D::session_name).named("session_name"),
      field<D>("a.resource_id", &D::resource_id).named("resource_id"),
      field<D>("a.pool_id", &D::pool_id).named("pool_id"),
      field<D>("a.reason", &D::reason).named("reason"),
      field<D>("a.attempt", &D::attempt).named("attempt"),
      field<D>("r.created_at", &D::created_at).named("created_at"),
  };
  return fields;
}

}  // namespace responses_proxy
