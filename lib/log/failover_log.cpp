#include "log/failover_log.h"

#include <fmt/format.h>

#include <utility>

namespace responses_proxy {

namespace {

// A request that was moved says nothing about the key when the request itself was the reason, as
// with an id that only another key knows.
bool tells_of_trouble(const AttemptRecord& attempt) {
  return attempt.blame == Blame::resource || attempt.blame == Blame::provider ||
         attempt.blame == Blame::proxy;
}

}  // namespace

void FailoverLog::look_at(const RequestRecord& record) {
  // The last attempt made the answer: nothing moved after it.
  for (std::size_t i = 0; i + 1 < record.attempts.size(); ++i) {
    if (tells_of_trouble(record.attempts[i])) note(record.attempts[i]);
  }
}

void FailoverLog::note(const AttemptRecord& failed) {
  const std::scoped_lock lock(mutex_);
  Moves& moves = by_resource_[failed.resource_id];
  ++moves.untold;
  moves.error = failed.error;
  if (clock_.steady() >= moves.quiet_until) tell(failed.resource_id, moves);
}

void FailoverLog::tick() {
  const std::scoped_lock lock(mutex_);
  for (auto one = by_resource_.begin(); one != by_resource_.end();) {
    Moves& moves = one->second;
    if (clock_.steady() < moves.quiet_until) {
      ++one;
    } else if (moves.untold == 0) {
      one = by_resource_.erase(one);
    } else {
      tell(one->first, moves);
      ++one;
    }
  }
}

void FailoverLog::tell(const std::string& resource_id, Moves& moves) {
  moves.quiet_until = clock_.steady() + kEvery;
  const std::uint64_t count = std::exchange(moves.untold, 0);
  log_({LogLevel::warning,
        "failover",
        fmt::format("{}: {} moved to another resource ({})", name_of_(resource_id),
                    count == 1 ? "a request" : fmt::format("{} requests", count), moves.error),
        {{"resource_id", resource_id},
         {"requests", static_cast<std::int64_t>(count)},
         {"error", moves.error}}});
}

}  // namespace responses_proxy
