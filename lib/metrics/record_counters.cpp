#include "metrics/record_counters.h"

#include <fmt/format.h>
#include <prometheus/counter.h>

#include <algorithm>
#include <utility>

#include "core/append_number.h"

namespace responses_proxy {

namespace {

constexpr std::string_view kSocketMethod = "WEBSOCKET";

LabelledCounters counters(prometheus::Registry& registry, const char* name, const char* help,
                          std::vector<std::string> label_names) {
  auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(registry);
  return {family, std::move(label_names)};
}

}  // namespace

const std::vector<Growth>* UsualGrowths::find(std::string_view labels) const {
  const std::shared_lock lock(mutex_);
  const auto known = by_labels_.find(labels);
  return known == by_labels_.end() ? nullptr : &known->second;
}

void UsualGrowths::add(const std::string& labels, std::vector<Growth> growths) {
  const std::scoped_lock lock(mutex_);
  if (by_labels_.size() < kMaxKnown) by_labels_.emplace(labels, std::move(growths));
}

RecordCounters::RecordCounters(prometheus::Registry& registry, std::vector<std::string> models)
    : models_(std::move(models)),
      requests_(counters(registry, "rp_requests_total", "Requests answered",
                         {"status", "blame", "stream", "caller"})),
      attempts_(counters(registry, "rp_attempts_total", "Requests sent to a resource",
                         {"resource_id", "provider_id", "reason", "blame", "status"})),
      failovers_(counters(registry, "rp_failovers_total",
                          "Attempts after which a request went on to another resource",
                          {"resource_id", "blame", "status"})),
      affinities_(counters(registry, "rp_affinity_picks_total",
                           "Requests of a conversation by whether they went where it is known",
                           {"kind", "outcome"})),
      socket_turns_(counters(registry, "rp_socket_turns_total",
                             "Requests that came on a client's WebSocket", {"blame"})),
      tokens_(counters(registry, "rp_tokens_total",
                       "Tokens reported by the upstream; cached ones are input as well",
                       {"direction", "resource_id"})),
      model_tokens_(counters(registry, "rp_model_tokens_total",
                             "The same by alias, or by model where that was named",
                             {"direction", "model"})) {}

void RecordCounters::count(const RequestRecord& record) {
  const bool repeated =
      record.background && !record.usage.empty() && !background_.is_first(record.response_id);
  if (record.attempts.size() == 1) return count_usual(record, !repeated);
  for (const Growth& growth : growths_of(record, !repeated)) growth.count(record);
}

// Most records are like one before: what that one has made grow is found at once.
void RecordCounters::count_usual(const RequestRecord& record, bool with_tokens) {
  static thread_local std::string labels;  // not shared state: it keeps its memory only
  write_labels(record, with_tokens, labels);
  const std::vector<Growth>* known = usual_.find(labels);
  if (known != nullptr) {
    for (const Growth& growth : *known) growth.count(record);
    return;
  }
  std::vector<Growth> growths = growths_of(record, with_tokens);
  for (const Growth& growth : growths) growth.count(record);
  usual_.add(labels, std::move(growths));
}

// All that growths_of() makes a difference by.
void RecordCounters::write_labels(const RequestRecord& record, bool with_tokens,
                                  std::string& labels) const {
  const AttemptRecord& attempt = record.attempts.front();
  labels.clear();
  append_number(labels, static_cast<std::uint64_t>(record.status_code));
  labels += ' ';
  append_number(labels, static_cast<std::uint64_t>(attempt.status_code));
  labels += record.stream ? 's' : 'd';
  labels += record.method == kSocketMethod ? 's' : 'h';
  labels += !record.previous_response_id.empty() ? 'r' : !record.session_id.empty() ? 's' : 'n';
  const TokenUsage& tokens = attempt.usage;
  const bool counted = with_tokens && !record.usage.empty();
  labels += counted && tokens.input ? 'i' : '-';
  labels += counted && tokens.output ? 'o' : '-';
  labels += counted && tokens.cached ? 'c' : '-';
  const std::string_view words[] = {
      record.blame.text(), record.caller,       attempt.blame.text(), attempt.reason.text(),
      attempt.resource_id, attempt.provider_id, model_of(record)};
  for (const std::string_view word : words) labels.append(word).append(1, '\0');
}

std::vector<Growth> RecordCounters::growths_of(const RequestRecord& record, bool with_tokens) {
  std::vector<Growth> growths;
  const fmt::format_int status(record.status_code);
  growths.push_back({&requests_.at(
      {status.c_str(), record.blame.text(), record.stream ? "true" : "false", record.caller})});
  if (record.method == kSocketMethod) {
    growths.push_back({&socket_turns_.at({record.blame.text()})});
  }
  if (record.attempts.empty()) return growths;
  add_attempts(record, growths);
  add_affinity(record, growths);
  if (with_tokens && !record.usage.empty()) add_tokens(record, growths);
  return growths;
}

void RecordCounters::add_attempts(const RequestRecord& record, std::vector<Growth>& growths) {
  for (const AttemptRecord& attempt : record.attempts) {
    const fmt::format_int status(attempt.status_code);
    growths.push_back(
        {&attempts_.at({attempt.resource_id, attempt.provider_id, attempt.reason.text(),
                        attempt.blame.text(), status.c_str()})});
    if (&attempt == &record.attempts.back()) break;
    growths.push_back(
        {&failovers_.at({attempt.resource_id, attempt.blame.text(), status.c_str()})});
  }
}

// By the first pick: what a failover does is another matter.
void RecordCounters::add_affinity(const RequestRecord& record, std::vector<Growth>& growths) {
  const bool response = !record.previous_response_id.empty();
  if (!response && record.session_id.empty()) return;
  const SelectionReason wanted =
      response ? SelectionReason::response_affinity : SelectionReason::session_affinity;
  const bool hit = record.attempts.front().reason == wanted;
  growths.push_back({&affinities_.at({response ? "response" : "session", hit ? "hit" : "miss"})});
}

std::string_view RecordCounters::model_of(const RequestRecord& record) const {
  if (!record.model_alias.empty()) return record.model_alias;
  const bool named = std::find(models_.begin(), models_.end(), record.model) != models_.end();
  return named ? std::string_view(record.model) : std::string_view("other");
}

// Each attempt's at the resource where they were spent.
void RecordCounters::add_tokens(const RequestRecord& record, std::vector<Growth>& growths) {
  const std::string_view model = model_of(record);
  const auto add = [&](std::string_view direction, Growth::Tokens of) {
    for (std::size_t i = 0; i < record.attempts.size(); ++i) {
      const AttemptRecord& attempt = record.attempts[i];
      if (!(attempt.usage.*of)) continue;
      growths.push_back({&tokens_.at({direction, attempt.resource_id}), of, i});
      growths.push_back({&model_tokens_.at({direction, model}), of, i});
    }
  };
  add("input", &TokenUsage::input);
  add("output", &TokenUsage::output);
  add("cached", &TokenUsage::cached);
}

}  // namespace responses_proxy
