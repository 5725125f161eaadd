#include "server/access_log.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include "control/rows.h"
#include "core/json.h"
#include "core/utf8_text.h"
#include "log/log_line.h"

namespace responses_proxy {

namespace {

// The fields of a line of text, behind its beginning.
class FieldsText {
 public:
  explicit FieldsText(std::string begin) : text_(std::move(begin)) {}

  void add(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    const std::string safe = printable(utf8_text(value, kMaxLoggedText));
    const bool plain = safe.find_first_of(" \"\\=") == std::string::npos;
    text_ += fmt::format(" {}={}", name, plain ? safe : dump(Json(safe)));
  }
  void add(std::string_view name, std::optional<std::int64_t> number) {
    if (number) text_ += fmt::format(" {}={}", name, *number);
  }
  std::string line() && { return std::move(text_) + "\n"; }

 private:
  std::string text_;
};

std::string millis_text(std::chrono::microseconds time) {
  return fmt::format("{}ms", std::chrono::duration_cast<Millis>(time).count());
}

std::string text_line(const RequestRecord& record) {
  FieldsText fields(fmt::format("{} {} {} {} {}", log_time(record.created_at),
                                printable(record.method), printable(record.path),
                                record.status_code, millis_text(record.duration)));
  if (record.first_byte) fields.add("first_byte", millis_text(*record.first_byte));
  fields.add("request", record.request_id);
  fields.add("client_request", record.client_request_id);
  fields.add("response", record.response_id);
  fields.add("caller", record.caller);
  fields.add("session", record.session_id);
  fields.add("model", record.model);
  fields.add("alias", record.model_alias);
  if (!record.attempts.empty()) {
    const AttemptRecord& last = record.attempts.back();
    fields.add("resource", last.resource_id);
    fields.add("reason", last.reason.text());
    fields.add("attempts", static_cast<std::int64_t>(record.attempts.size()));
  }
  fields.add("in", record.request_bytes);
  fields.add("out", record.response_bytes);
  fields.add("input_tokens", record.usage.input);
  fields.add("cached_tokens", record.usage.cached);
  fields.add("output_tokens", record.usage.output);
  if (record.blame != Blame::none) fields.add("blame", record.blame.text());
  fields.add("error", record.error);
  return std::move(fields).line();
}

}  // namespace

std::string access_line(const RequestRecord& record, AccessLogFormat format) {
  if (format == AccessLogFormat::json) return dump(control::to_row(record)) + "\n";
  return text_line(record);
}

AccessLog::AccessLog(AccessLogFormat format, std::string path, Log log)
    : format_(format), log_(std::move(log)), lines_(std::move(path), notes()) {}

LineWriter::Notes AccessLog::notes() const {
  LineWriter::Notes notes;
  notes.dropped = [this](std::size_t lines) {
    log_({LogLevel::error,
          "access_lines_dropped",
          fmt::format("{} lines of the access log could not be written", lines),
          {{"lines", static_cast<std::int64_t>(lines)}}});
    return std::string();
  };
  notes.unusable = [this](const std::string& problem) {
    log_({LogLevel::error,
          "access_log_unusable",
          fmt::format("the access log stays where it is: {}", problem),
          {{"problem", problem}}});
    return std::string();
  };
  notes.failing = [this](const std::string& problem) {
    log_({LogLevel::error,
          "access_log_failing",
          fmt::format("the access log loses lines: {}", problem),
          {{"problem", problem}}});
  };
  return notes;
}

}  // namespace responses_proxy
