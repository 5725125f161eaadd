// ProxyOptions: what a Proxy is built from; every piece can be one of the host's own.
//
// Role       Its members are named, in this order: ProxyOptions{.clock = clock, ...}.
// Ownership  The Proxy keeps references only: whoever built the pieces destroys them after it.
// Threads    Everything here is safe from any thread, but for the upstream clients, of which there
//            is one per event loop, used on that loop.
#pragma once

#include <functional>
#include <vector>

#include "responses_proxy/clock.h"
#include "responses_proxy/decision.h"
#include "responses_proxy/dialects.h"
#include "responses_proxy/export.h"
#include "responses_proxy/load_balancer.h"
#include "responses_proxy/random.h"
#include "responses_proxy/router.h"
#include "responses_proxy/state_store.h"
#include "responses_proxy/telemetry_sink.h"
#include "responses_proxy/upstream_client.h"

namespace RP_PUBLIC responses_proxy {

class Conversations;
class EventLoops;
class ExchangeHooks;
class Gate;
class HealthChecker;
class HelperThreads;
class KeptConversations;
class KeptResponses;
class ResponseIndex;
class TextSeal;
class Tracer;
class UpstreamSockets;

struct ProxyOptions {
  const Clock& clock;
  Random& random;
  StateStore& state;
  const Router& router;
  const LoadBalancer& balancer;
  TelemetrySink& telemetry;
  EventLoops& loops;

  std::vector<UpstreamClient*> upstreams;  // one per loop, in the same order
  Dialects dialects;

  // What follows may be left out.
  // The same for WebSocket; may be empty: the turns of WebSocket clients then go over HTTP.
  std::vector<UpstreamSockets*> upstream_sockets = {};
  // Asked about ids that `state` does not know; may be null.
  ResponseIndex* index = nullptr;
  // Told of every pick, on the exchange's loop; may be empty. Must not block.
  std::function<void(Decision)> on_decision = {};
  // Asked what to make of a refused key (401, 403); null: there are no health checks, and a refused
  // key counts as a bad one.
  HealthChecker* health = nullptr;
  // For what takes too long on a loop; null: the proxy has some of its own.
  HelperThreads* helpers = nullptr;
  // Asked who is calling; null: the proxy has one of its own, over the Config's client tokens.
  Gate* gate = nullptr;
  // What stands behind the ids of responses; null: the proxy has a memory of its own.
  Conversations* conversations = nullptr;
  // The responses that are given back here; null: the proxy has a memory of its own.
  KeptResponses* kept_responses = nullptr;
  // The conversations of /v1/conversations that are kept here; null: the proxy has a memory of its
  // own. Their turns are in `conversations`.
  KeptConversations* kept_conversations = nullptr;
  // For texts that only this proxy is to read; null: the proxy has one of its own, with the
  // Config's encryption keys, if there are any.
  const TextSeal* seal = nullptr;
  // Where the host takes part in exchanges; null: nowhere.
  ExchangeHooks* hooks = nullptr;
  // Hears of the exchanges as parts of traces; null: `traceparent` goes up as it came.
  Tracer* tracer = nullptr;
};

}  // namespace responses_proxy
