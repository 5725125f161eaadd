#include "storage/record_fields.h"

#include <array>
#include <string>

#include "core/utf8_text.h"
#include "storage/sql_values.h"

namespace responses_proxy {

namespace {

template <class T>
bool is_text(const std::optional<T>&) {
  return std::holds_alternative<std::string>(to_sql(T{}));
}

template <class T>
bool is_text(const T& value) {
  return std::holds_alternative<std::string>(to_sql(value));
}

// `access` is a pointer to a member, or a function from the record to a reference.
template <class Record, class Access>
Field<Record> field(const char* column, Access access) {
  Record sample;
  return {column, is_text(std::invoke(access, sample)),
          [access](const Record& record) { return to_sql(std::invoke(access, record)); },
          [access](const SqlRow& row, int index, Record& record) {
            from_sql(row, index, std::invoke(access, record));
          }};
}

// A body is kept as long as it comes; whoever captured it has cut it.
Field<RequestRecord> body_field(const char* column, std::string RequestRecord::*body) {
  return {column, true,
          [body](const RequestRecord& record) -> SqlValue {
            return utf8_text(record.*body, std::string::npos);
          },
          [body](const SqlRow& row, int index, RequestRecord& record) {
            record.*body = row.text(index);
          }};
}

constexpr std::size_t kBodies = 2;  // the last of request_fields()

}  // namespace

std::span<const Field<RequestRecord>> request_summary_fields() {
  const auto all = request_fields();
  return all.first(all.size() - kBodies);
}

std::span<const Field<RequestRecord>> request_fields() {
  using R = RequestRecord;
  static const std::array fields{
      field<R>("request_id", &R::request_id),
      field<R>("created_at", &R::created_at),
      field<R>("method", &R::method),
      field<R>("path", &R::path),
      field<R>("stream", &R::stream),
      field<R>("session_id", &R::session_id),
      field<R>("session_name", &R::session_name),
      field<R>("asked_pool_id", &R::requested_pool_id),
      field<R>("model", &R::model),
      field<R>("model_alias", &R::model_alias),
      field<R>("previous_response_id", &R::previous_response_id),
      field<R>("response_id", &R::response_id),
      field<R>("status_code", &R::status_code),
      field<R>("completed", &R::completed),
      field<R>("blame", &R::blame),
      field<R>("error", &R::error),
      field<R>("adjusted", &R::adjusted),
      field<R>(
          "input_tokens", [](auto& r) -> auto& { return r.usage.input; }),
      field<R>(
          "output_tokens", [](auto& r) -> auto& { return r.usage.output; }),
      field<R>(
          "total_tokens", [](auto& r) -> auto& { return r.usage.total; }),
      field<R>(
          "cached_tokens", [](auto& r) -> auto& { return r.usage.cached; }),
      field<R>(
          "reasoning_tokens", [](auto& r) -> auto& { return r.usage.reasoning; }),
      field<R>("request_bytes", &R::request_bytes),
      field<R>("response_bytes", &R::response_bytes),
      field<R>("text_bytes", &R::text_bytes),
      field<R>("duration_us", &R::duration),
      field<R>("first_byte_us", &R::first_byte),
      field<R>("proxy_us", &R::proxy_time),
      field<R>("client_request_id", &R::client_request_id),
      body_field("request_body", &R::request_body),
      body_field("response_body", &R::response_body),
  };
  return fields;
}

std::span<const Field<AttemptRecord>> attempt_fields() {
  using A = AttemptRecord;
  static const std::array fields{
      field<A>("resource_id", &A::resource_id),
      field<A>("provider_id", &A::provider_id),
      field<A>("pool_id", &A::pool_id),
      field<A>("reason", &A::reason),
      field<A>("started_at", &A::started_at),
      field<A>("duration_us", &A::duration),
      field<A>("first_byte_us", &A::first_byte),
      field<A>("status_code", &A::status_code),
      field<A>("blame", &A::blame),
      field<A>("error", &A::error),
      field<A>("upstream_request_id", &A::upstream_request_id),
  };
  return fields;
}

}  // namespace responses_proxy
