#include "shared_state/shared_decisions.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "core/json.h"
#include "shared_state/redis_scripts.h"

namespace responses_proxy {

namespace {

using std::chrono::microseconds;

std::int64_t to_micros(WallTime time) {
  return std::chrono::duration_cast<microseconds>(time.time_since_epoch()).count();
}

}  // namespace

std::string encode_decision(const Decision& decision) {
  return dump(Json{decision.request_id, decision.session_id, decision.session_name,
                   decision.resource_id, decision.reason.text(), to_micros(decision.created_at)});
}

std::optional<Decision> decode_decision(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_array() || json.size() < 6) return std::nullopt;
  for (std::size_t i = 0; i < 5; ++i) {
    if (!json[i].is_string()) return std::nullopt;
  }
  if (!json[5].is_number_integer()) return std::nullopt;
  return Decision{json[0],
                  json[1],
                  json[2],
                  json[3],
                  Word<SelectionReason>(json[4].get<std::string>()),
                  WallTime(microseconds(json[5].get<std::int64_t>()))};
}

void SharedDecisions::add(Decision decision) {
  const std::scoped_lock lock(mutex_);
  if (fresh_.size() == kKept) fresh_.pop_front();
  fresh_.push_back(std::move(decision));
}

void SharedDecisions::flush(AsyncConnection& connection) {
  std::deque<Decision> fresh;
  {
    const std::scoped_lock lock(mutex_);
    if (!connection.connected() || fresh_.empty()) return;
    std::swap(fresh, fresh_);
  }
  std::vector<std::string> texts;
  texts.reserve(fresh.size());
  for (const Decision& decision : fresh) texts.push_back(encode_decision(decision));
  std::vector<std::string_view> command = {"LPUSH", redis_keys::kDecisions};
  command.insert(command.end(), texts.begin(), texts.end());
  connection.send(command, Patience::connection, {});
  connection.send({"LTRIM", redis_keys::kDecisions, "0", std::to_string(kKept - 1)},
                  Patience::connection, {});
}

void SharedDecisions::fetch(AsyncConnection& connection, const Fetched& fetched) {
  flush(connection);
  if (!connection.prompt()) return fetched(std::nullopt);
  connection.send({"LRANGE", redis_keys::kDecisions, "0", "-1"}, Patience::budget,
                  [fetched](const redisReply* reply) {
                    if (reply == nullptr || is_error(*reply)) return fetched(std::nullopt);
                    std::vector<Decision> decisions;
                    for (const redisReply* element : elements_of(*reply)) {
                      auto decision = decode_decision(text_of(*element));
                      if (decision) decisions.push_back(std::move(*decision));
                    }
                    std::stable_sort(decisions.begin(), decisions.end(),
                                     [](const Decision& a, const Decision& b) {
                                       return a.created_at > b.created_at;
                                     });
                    fetched(std::move(decisions));
                  });
}

}  // namespace responses_proxy
