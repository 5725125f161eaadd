// FailoverLog: tells the log that requests move away from a resource, seldom enough to be read.
//
// Role       It looks at the attempts of each record. The first move away from a resource is told
//            at once, further ones as a number.
// Threads    Safe from any thread.
// Limits     One event per resource and kEvery.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "responses_proxy/clock.h"
#include "responses_proxy/log.h"
#include "responses_proxy/request_record.h"

namespace responses_proxy {

class FailoverLog {
 public:
  static constexpr Millis kEvery{10'000};

  // What people call the resource with that id.
  using NameOf = std::function<std::string(const std::string& resource_id)>;

  FailoverLog(Log log, const Clock& clock, NameOf name_of)
      : log_(std::move(log)), clock_(clock), name_of_(std::move(name_of)) {}

  void look_at(const RequestRecord& record);
  // Tells what has come together; to be called every kEvery or so.
  void tick();

 private:
  struct Moves {
    std::uint64_t untold = 0;
    std::string error;  // of the last one
    SteadyTime quiet_until;
  };

  void note(const AttemptRecord& failed);
  void tell(const std::string& resource_id, Moves& moves);

  const Log log_;
  const Clock& clock_;
  const NameOf name_of_;
  std::mutex mutex_;
  std::map<std::string, Moves, std::less<>> by_resource_;  // only those told of lately
};

}  // namespace responses_proxy
