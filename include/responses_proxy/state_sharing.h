// StateSharing: what a StateStore of several replicas does beside being one.
//
// Role       Stands beside StateStore, which tells of it with sharing(): whoever runs the event
//            loops starts and stops it.
// Threads    start() before the loops run, stop() after they have ended; the rest from any thread.
// Ownership  The loops outlive the store, or its stop().
// Errors     None: without the others a store goes on with what this process knows.
#pragma once

#include <optional>
#include <vector>

#include "responses_proxy/decision.h"
#include "responses_proxy/export.h"

namespace RP_PUBLIC responses_proxy {

class EventLoops;

class StateSharing {
 public:
  virtual ~StateSharing() = default;

  // Before the loops run.
  virtual void start(EventLoops& loops) = 0;
  // What still waits for an answer is dropped. Idempotent.
  virtual void stop() = 0;
  // Never blocks.
  virtual void share_decision(Decision decision) = 0;
  // The last picks of all replicas, newest first; nothing if they cannot be had. Waits for the
  // network, so it is not for the thread of an event loop.
  virtual std::optional<std::vector<Decision>> recent_decisions() = 0;
};

}  // namespace responses_proxy
