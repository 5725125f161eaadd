// ExchangeContext: all that is known of one downstream request, from its admission to its record.
//
// Role       What the phases work on (lib/proxy/phases/): each fills its part and reads those of
//            the phases before it. The parts stand in the order of the phases.
// Threads    One event loop. While a phase waits for a helper thread (aside), that thread has the
//            request, and nothing else happens here but that the client may leave.
// Ownership  Shared by the exchange and by whoever calls back later than it lasts.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/task.h"
#include "proxy/answer_pump.h"
#include "proxy/attempt.h"
#include "proxy/background_runs.h"
#include "proxy/body_capture.h"
#include "proxy/client_turn.h"
#include "proxy/downstream.h"
#include "proxy/kept_conversation.h"
#include "proxy/record_mask.h"
#include "responses_proxy/config.h"
#include "responses_proxy/conversations.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/helper_threads.h"
#include "responses_proxy/proxy_options.h"
#include "responses_proxy/tracer.h"
#include "route/endpoint.h"
#include "route/request_facts.h"

namespace responses_proxy {

// Where an exchange runs.
struct ExchangeLoop {
  EventLoop& loop;
  UpstreamClient& upstream;
  HelperThreads& helpers;
  RoutingCache& routing;
  KnownSecrets& secrets;
  BackgroundRuns& background;
};

// Who knows what the request builds on, as far as anybody remembers. Ids of resources, "" = nobody.
struct Affinity {
  std::string required;   // made what the request continues
  std::string preferred;  // serves the session, or made a response that is only compared with
  std::string alias;      // no resource: what the response in the path was asked for under
  SelectionReason preferred_reason = SelectionReason::session_affinity;
};

// What was tried before the current attempt, and that one.
struct Tries {
  std::vector<std::string> resources;  // not to be tried again
  std::size_t sent = 0;
  std::size_t not_found = 0;  // those of them that do not count (see phases/failover.h)
  std::size_t summaries = 0;  // nor do these: they went well (see phases/compact.h)
  bool encrypted_items_dropped = false;
};

// Which ids of the answer others know by now.
struct RememberedIds {
  std::size_t open = 0;   // that other replicas cannot see yet
  std::size_t items = 0;  // of the ids of output items
  std::string response;   // as the upstream wrote it
  std::string conversation;
  bool kept = false;       // what it adds to its conversation
  bool turn_open = false;  // a turn's socket has not taken that yet
};

struct ExchangeContext final : std::enable_shared_from_this<ExchangeContext> {
  // `turn`: for a request that came over a client's socket, else null.
  ExchangeContext(const Config& config, const ProxyOptions& dependencies, const ExchangeLoop& loop,
                  Request&& request, std::shared_ptr<ResponseWriter> writer,
                  std::shared_ptr<ClientTurn> turn, ResponseObserver& observer);

  // There is nobody to answer any more, or no time for it.
  bool interrupted() const { return downstream.gone() || shutting_down || (run && run->cancelled); }
  // Response affinity in mode "require": no other account knows the response. What is known here as
  // well can be continued anywhere.
  bool pinned() const;
  std::chrono::microseconds elapsed() const;

  const Config& config;
  const ProxyOptions& dependencies;
  const ExchangeLoop loop;
  Request request;
  BodyCapture capture;
  const RecordMask mask;
  const std::shared_ptr<ClientTurn> turn;
  Downstream downstream;
  const SteadyTime arrived;
  RequestRecord record;
  std::optional<ExchangeTrace> trace;  // nothing: it is not traced
  Signal progress;  // fired by every callback; what happened stands in the fields
  bool shutting_down = false;

  // admit
  std::string caller;  // who is asking, as the gate calls them; the record's goes with it
  Endpoint endpoint{EndpointKind::response_subpath, {}};
  RequestFacts facts;
  // route
  std::optional<Route> route;
  // recall
  Affinity affinity;
  std::shared_ptr<const History> history;        // that the request continues, if it is known here
  std::optional<OpenConversation> conversation;  // that it is a turn of, if that is kept here
  bool items_known = false;  // that its input has named: they stand in the body now
  // pick, translate, send: once per attempt
  Tries tries;
  std::optional<std::string> readable_history;  // without items that a resource cannot decrypt
  const Dialect* dialect = nullptr;
  bool summarising = false;            // the attempt asks for a summary in place of the answer
  std::optional<Compacted> compacted;  // ... and this is it: the next one asks for the answer
  std::string translated_body;         // what goes up in its place; empty: the client's own does
  std::string own_input;               // its items, where the upstream keeps none
  std::string own_response_id;  // of the answer of an upstream that does not name its answers
  std::unique_ptr<BackgroundRun> run;  // it is made in the background; null: it is not
  std::unique_ptr<Attempt> attempt;
  // stream
  RememberedIds remembered;
  AnswerPump pump{*this};
};

}  // namespace responses_proxy
