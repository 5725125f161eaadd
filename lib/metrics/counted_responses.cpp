#include "metrics/counted_responses.h"

namespace responses_proxy {

bool CountedResponses::is_first(const std::string& response_id) {
  const std::scoped_lock lock(mutex_);
  if (!known_.insert(response_id).second) return false;
  oldest_first_.push_back(response_id);
  if (oldest_first_.size() > kMaxResponses) {
    known_.erase(oldest_first_.front());
    oldest_first_.pop_front();
  }
  return true;
}

}  // namespace responses_proxy
