#include "control/list_query.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

#include "control/time_text.h"

namespace responses_proxy::control {

namespace {

Error bad(std::string_view name, std::string_view what) {
  return Error::invalid_request("invalid_parameter", fmt::format("{} must be {}.", name, what),
                                std::string(name));
}

// Reads parameter after parameter and keeps the first error.
class Reader {
 public:
  explicit Reader(const httplib::Request& request) : request_(request) {}

  template <class Number>
  void number(const char* name, Number least, Number most, std::optional<Number>& target) {
    const auto text = value(name);
    if (!text) return;
    Number parsed{};
    const char* end = text->data() + text->size();
    const auto [stop, problem] = std::from_chars(text->data(), end, parsed);
    if (problem != std::errc() || stop != end || parsed < least || parsed > most) {
      return fail(bad(name, fmt::format("a whole number from {} to {}", least, most)));
    }
    target = parsed;
  }

  void text(const char* name, std::optional<std::string>& target,
            std::size_t most = RecordQuery::kMaxText) {
    auto given = value(name);
    if (!given) return;
    if (given->size() > most) return fail(bad(name, fmt::format("at most {} bytes long", most)));
    target = std::move(given);
  }

  void time(const char* name, std::optional<WallTime>& target) {
    const auto text = value(name);
    if (!text) return;
    target = parse_time(*text);
    if (!target) {
      fail(bad(name, "an ISO 8601 time (2026-11-21T08:00:00Z) or unix seconds"));
    }
  }

  const std::optional<Error>& error() const { return error_; }

 private:
  std::optional<std::string> value(const char* name) const {
    std::string text = request_.get_param_value(name);
    if (text.empty()) return std::nullopt;
    return text;
  }
  void fail(Error error) {
    if (!error_) error_ = std::move(error);
  }

  const httplib::Request& request_;
  std::optional<Error> error_;
};

}  // namespace

Result<RecordQuery> parse_list_query(const httplib::Request& request) {
  RecordQuery query;
  Reader reader(request);
  std::optional<std::size_t> limit;
  std::optional<std::string> cursor;
  reader.number<std::size_t>("limit", 1, RecordQuery::kMaxPage, limit);
  reader.text("cursor", cursor, RecordQuery::kMaxCursor);
  reader.text("session_id", query.session_id);
  reader.text("resource_id", query.resource_id);
  reader.text("pool_id", query.pool_id);
  reader.text("model", query.model);
  reader.number<int>("status", 100, 599, query.status);
  reader.time("since", query.since);
  reader.time("until", query.until);
  if (reader.error()) return *reader.error();
  if (limit) query.limit = *limit;
  if (cursor) query.cursor = *cursor;
  return query;
}

Result<std::optional<UsageBy>> parse_usage_by(const httplib::Request& request) {
  const std::string by = request.get_param_value("by");
  if (by.empty()) return std::optional<UsageBy>();
  if (by == "day") return std::optional(UsageBy::day);
  if (by == "model") return std::optional(UsageBy::model);
  if (by == "resource") return std::optional(UsageBy::resource);
  if (by == "session") return std::optional(UsageBy::session);
  return bad("by", "day, model, resource or session");
}

}  // namespace responses_proxy::control
