#include "proxy/web_socket/transcripts.h"

#include <algorithm>
#include <utility>

namespace responses_proxy {

const std::string* Transcripts::find(std::string_view response_id) const {
  for (const auto& [lane, conversation] : by_lane_) {
    if (conversation.response_id == response_id) return &conversation.items;
  }
  return nullptr;
}

void Transcripts::start(const std::string& lane, std::string response_id, std::string items) {
  by_lane_[lane] = {std::move(response_id), std::move(items), ++clock_};
  keep_within_limit();
}

void Transcripts::extend(const std::string& lane, std::string response_id, std::string_view items) {
  Conversation& conversation = by_lane_.at(lane);
  append_items(conversation.items, items);
  conversation.response_id = std::move(response_id);
  conversation.used = ++clock_;
  keep_within_limit();
}

void Transcripts::forget(const std::string& lane) {
  by_lane_.erase(lane);
}

std::size_t Transcripts::bytes() const {
  std::size_t bytes = 0;
  for (const auto& [lane, conversation] : by_lane_) bytes += conversation.items.size();
  return bytes;
}

bool Transcripts::is_latest(const std::string& lane, std::string_view response_id) const {
  const auto found = by_lane_.find(lane);
  return found != by_lane_.end() && found->second.response_id == response_id;
}

void Transcripts::keep_within_limit() {
  while (bytes() > max_bytes_) {
    by_lane_.erase(std::min_element(
        by_lane_.begin(), by_lane_.end(),
        [](const auto& a, const auto& b) { return a.second.used < b.second.used; }));
  }
}

void append_items(std::string& items, std::string_view more) {
  if (!items.empty() && !more.empty()) items += ',';
  items.append(more);
}

}  // namespace responses_proxy
