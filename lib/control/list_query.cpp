#include "control/list_query.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "control/parameters.h"
#include "control/time_text.h"
#include "core/utf8_text.h"
#include "metrics/traffic_history.h"
#include "responses_proxy/request.h"

namespace responses_proxy::control {

namespace {

constexpr std::size_t kLeastPage = 1;

// Reads parameter after parameter and keeps the first error.
class Reader {
 public:
  explicit Reader(const httplib::Request& request) : request_(request) {}

  template <class Number>
  void number(const char* name, Number& target, Number least, Number most) {
    const auto text = value(name);
    if (!text) return;
    const auto given = whole_number<Number>(*text, least, most);
    if (!given) {
      return fail(bad_parameter(name, fmt::format("a whole number from {} to {}", least, most)));
    }
    target = *given;
  }

  // "502", "5xx"
  void status(RecordQuery& query) {
    const auto text = value("status");
    if (!text) return;
    if (text->size() == 3 && equals_ignore_case(std::string_view(*text).substr(1), "xx")) {
      query.status_class = whole_number(std::string_view(*text).substr(0, 1), 1, 5);
    } else {
      query.status = whole_number(*text, 100, 599);
    }
    if (!query.status && !query.status_class) {
      fail(bad_parameter("status", "a whole number from 100 to 599, or a class of them (4xx)"));
    }
  }

  void text(const char* name, std::optional<std::string>& target,
            std::size_t most = RecordQuery::kMaxText) {
    auto given = value(name);
    if (!given) return;
    if (given->size() > most) {
      return fail(bad_parameter(name, fmt::format("at most {} bytes long", most)));
    }
    target = std::move(given);
  }

  void time(const char* name, std::optional<WallTime>& target) {
    const auto text = value(name);
    if (!text) return;
    target = parse_time(*text);
    if (!target) {
      fail(bad_parameter(name, "an ISO 8601 time (2026-11-21T08:00:00Z) or unix seconds"));
    }
  }

  // A parameter that is read elsewhere.
  void skip(const char* name) { value(name); }

  // Call last: a parameter that was not asked for is an error as well.
  std::optional<Error> error() {
    for (const auto& [name, given] : request_.params) {
      if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
      const std::string takes =
          known_.empty() ? std::string("none") : fmt::format("{}", fmt::join(known_, ", "));
      fail(Error::invalid_request(
          "invalid_parameter",
          fmt::format("{} is no parameter of {}; it takes {}.", cut(name), request_.path, takes),
          cut(name)));
    }
    return error_;
  }

 private:
  static std::string cut(const std::string& name) {
    constexpr std::size_t kShown = 64;
    return utf8_text(name, kShown);
  }
  std::optional<std::string> value(const char* name) {
    known_.emplace_back(name);
    if (request_.get_param_value_count(name) > 1) fail(bad_parameter(name, "given once"));
    std::string text = request_.get_param_value(name);
    if (text.empty()) return std::nullopt;
    return text;
  }
  void fail(Error error) {
    if (!error_) error_ = std::move(error);
  }

  const httplib::Request& request_;
  std::vector<std::string_view> known_;
  std::optional<Error> error_;
};

}  // namespace

Result<RecordQuery> parse_list_query(const httplib::Request& request, RecordList list) {
  RecordQuery query;
  Reader reader(request);
  std::optional<std::string> cursor;
  reader.number("limit", query.limit, kLeastPage, RecordQuery::kMaxPage);
  if (list == RecordList::usage) {
    reader.skip("by");
  } else {
    reader.text("cursor", cursor, RecordQuery::kMaxCursor);
  }
  reader.text("session_id", query.session_id);
  reader.text("resource_id", query.resource_id);
  reader.text("pool_id", query.pool_id);
  if (list != RecordList::sessions) reader.text("requested_pool_id", query.requested_pool_id);
  reader.text("model", query.model);
  reader.text("caller", query.caller);
  reader.status(query);
  reader.time("since", query.since);
  reader.time("until", query.until);
  if (auto error = reader.error()) return *std::move(error);
  if (cursor) query.cursor = *cursor;
  query.with_bodies = list == RecordList::telemetry;
  return query;
}

Result<RecordQuery> parse_page_query(const httplib::Request& request) {
  RecordQuery query;
  Reader reader(request);
  std::optional<std::string> cursor;
  reader.number("limit", query.limit, kLeastPage, RecordQuery::kMaxPage);
  reader.text("cursor", cursor, RecordQuery::kMaxCursor);
  if (auto error = reader.error()) return *std::move(error);
  if (cursor) query.cursor = *cursor;
  return query;
}

std::optional<Error> no_parameters(const httplib::Request& request) {
  return Reader(request).error();
}

Result<TimeseriesQuery> parse_timeseries_query(const httplib::Request& request) {
  TimeseriesQuery query;
  auto seconds = query.range.count();
  Reader reader(request);
  reader.number("seconds", seconds, TrafficHistory::kLeast.count(), TrafficHistory::kMost.count());
  reader.text("resource_id", query.resource_id);
  if (auto error = reader.error()) return *std::move(error);
  query.range = std::chrono::seconds(seconds);
  return query;
}

Result<std::optional<UsageBy>> parse_usage_by(const httplib::Request& request) {
  const std::string by = request.get_param_value("by");
  if (by.empty()) return std::optional<UsageBy>();
  if (by == "day") return std::optional(UsageBy::day);
  if (by == "model") return std::optional(UsageBy::model);
  if (by == "resource") return std::optional(UsageBy::resource);
  if (by == "session") return std::optional(UsageBy::session);
  if (by == "caller") return std::optional(UsageBy::caller);
  return bad_parameter("by", "day, model, resource, session or caller");
}

}  // namespace responses_proxy::control
