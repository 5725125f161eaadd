#include "record_stream/unconfirmed.h"

#include <utility>

namespace responses_proxy {

void UnconfirmedRecords::add(StreamId id, std::string payload) {
  bytes_ += payload.size();
  kept_.push_back({id, std::move(payload)});
  while (bytes_ > max_bytes_) {
    bytes_ -= kept_.front().payload.size();
    count_only(kept_.front().id);
    kept_.pop_front();
  }
}

void UnconfirmedRecords::count_only(StreamId id) {
  constexpr std::size_t kPerCount = 1'024;
  if (counted_.empty() || counted_.back().count == kPerCount) counted_.push_back({id, 0});
  counted_.back().last = id;
  ++counted_.back().count;
}

void UnconfirmedRecords::confirm_before(StreamId id) {
  while (!counted_.empty() && counted_.front().last < id) counted_.pop_front();
  while (!kept_.empty() && kept_.front().id < id) {
    bytes_ -= kept_.front().payload.size();
    kept_.pop_front();
  }
}

std::deque<std::string> UnconfirmedRecords::take() {
  for (const Counted& counted : counted_) lost_ += counted.count;
  counted_.clear();
  std::deque<std::string> payloads;
  for (Kept& kept : kept_) payloads.push_back(std::move(kept.payload));
  kept_.clear();
  bytes_ = 0;
  return payloads;
}

}  // namespace responses_proxy
