// ResponseIndex: which resource made a response, from durable records.
//
// Role       Asked when live state does not know an id any more (restart, eviction).
// Threads    find() on the given loop; the callback runs on that loop, never inside find().
// Errors     None: a database that does not answer in time is "unknown".
// Blocking   Never; the look-up runs elsewhere and is given up after kBudget.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "responses_proxy/clock.h"
#include "responses_proxy/export.h"

namespace RP_PUBLIC responses_proxy {

class EventLoop;

class ResponseIndex {
 public:
  static constexpr Millis kBudget{50};
  using Found = std::function<void(std::optional<std::string> resource_id)>;

  virtual ~ResponseIndex() = default;
  virtual void find(EventLoop& loop, std::string response_id, Found found) = 0;
};

}  // namespace responses_proxy
