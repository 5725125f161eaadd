#include "storage/record_codec.h"

#include "storage/compact_fields.h"
#include "storage/json_record.h"
#include "storage/record_fields.h"

namespace responses_proxy {

namespace {

constexpr char kVersion = '\1';

// The fields in the order they stand in, for a record that is written and for one that is read.
// What is added later goes behind the last of its function.

template <class Record, class Field>
void each_column(Record& record, const Field& field) {
  field(record.request_id);
  field(record.session_id);
  field(record.requested_pool_id);
  field(record.model);
  field(record.caller);
  field(record.response_id);
  field(record.status_code);
}

template <class Record, class Field>
void each_count(Record& record, const Field& field) {
  for (const TokenCount& tokens : kTokenCounts) field(record.usage.*tokens.count);
}

template <class Record, class Field>
void each_detail(Record& record, const Field& field) {
  field(record.client_request_id);
  field(record.session_name);
  field(record.model_alias);
  field(record.method);
  field(record.path);
  field(record.stream);
  field(record.completed);
  field(record.background);
  field(record.blame);
  field(record.error);
  field(record.adjusted);
  field(record.previous_response_id);
  field(record.request_bytes);
  field(record.response_bytes);
  field(record.text_bytes);
  field(record.duration);
  field(record.first_byte);
  field(record.proxy_time);
  each_count(record, field);
}

template <class Attempt, class Field>
void each_of_attempt(Attempt& attempt, const Field& field) {
  field(attempt.resource_id);
  field(attempt.provider_id);
  field(attempt.pool_id);
  field(attempt.reason);
  field(attempt.started_at);
  field(attempt.duration);
  field(attempt.first_byte);
  field(attempt.status_code);
  field(attempt.blame);
  field(attempt.error);
  field(attempt.upstream_request_id);
  each_count(attempt, field);
}

void put_details(CompactWriter& writer, const RequestRecord& record) {
  const auto put = [&](const auto& value) { writer.put(value); };
  writer.section([&] { each_detail(record, put); });
  for (const AttemptRecord& attempt : record.attempts) {
    writer.section([&] { each_of_attempt(attempt, put); });
  }
}

bool get_details(CompactReader& reader, std::int64_t base, RequestRecord& record) {
  CompactReader fields(reader.section(), base);
  each_detail(record, [&](auto& value) { fields.get(value); });
  bool good = !fields.failed();
  record.attempts.clear();
  while (good && !reader.at_end()) {
    CompactReader attempt(reader.section(), base);
    if (reader.failed()) break;
    each_of_attempt(record.attempts.emplace_back(), [&](auto& value) { attempt.get(value); });
    good = !attempt.failed();
  }
  return good && !reader.failed();
}

}  // namespace

std::string encode_record(const RequestRecord& record) {
  std::string bytes(1, kVersion);
  const std::int64_t base = to_micros(record.created_at);
  CompactWriter whole(bytes, 0);
  whole.section([&] {
    whole.put(base);
    each_column(record, [&](const auto& value) { whole.put(value); });
    whole.put_whole(record.request_body);
    whole.put_whole(record.response_body);
  });
  CompactWriter details(bytes, base);
  put_details(details, record);
  return bytes;
}

std::optional<RequestRecord> decode_record(std::string_view bytes) {
  if (bytes.starts_with('{')) return record_from_json(bytes);
  if (!bytes.starts_with(kVersion)) return std::nullopt;
  CompactReader reader(bytes.substr(1), 0);
  CompactReader columns(reader.section(), 0);
  RequestRecord record;
  std::int64_t base = 0;
  columns.get(base);
  record.created_at = from_micros(base);
  each_column(record, [&](auto& value) { columns.get(value); });
  columns.get_whole(record.request_body);
  columns.get_whole(record.response_body);
  if (columns.failed() || record.request_id.empty() || reader.at_end()) return std::nullopt;
  if (!get_details(reader, base, record)) return std::nullopt;
  return record;
}

void encode_details(const RequestRecord& record, std::string& bytes) {
  bytes += kVersion;
  CompactWriter writer(bytes, to_micros(record.created_at));
  put_details(writer, record);
}

bool decode_details(std::string_view bytes, RequestRecord& record) {
  if (!bytes.starts_with(kVersion)) return false;
  const std::int64_t base = to_micros(record.created_at);
  CompactReader reader(bytes.substr(1), base);
  return get_details(reader, base, record);
}

}  // namespace responses_proxy
