// TurnTransport: how the attempts of a turn travel, over an upstream's WebSocket or over HTTP.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "responses_proxy/dialect.h"
#include "responses_proxy/error.h"
#include "responses_proxy/upstream_client.h"

namespace responses_proxy {

// The attempt, as its transport sees it. Over WebSocket on_head() tells of a stream of events, and
// on_message() brings them.
class TurnHandler : public UpstreamHandler {
 public:
  // false: no more until resume(). Valid during the call.
  virtual bool on_message(const UpstreamMessage& message) = 0;
  // The client has interrupted the turn. true: the answer has ended with what it had said; on_end()
  // follows. false: the proxy's own events have to say it.
  virtual bool on_interrupted(PartialItems partial) = 0;
  // Events of the Responses API that the proxy says in the upstream's place; on_end() follows.
  virtual void on_own_events(std::span<const std::string> events) = 0;
  // In place of all of that: the turn cannot be sent, and the proxy says why. The last call.
  virtual void on_refused(Error error) = 0;
  // Of the answer so far.
  virtual const AnswerFacts& facts() const = 0;
  // What is held of an answer that has not been given out.
  virtual std::size_t held_bytes() const = 0;

 protected:
  ~TurnHandler() = default;
};

class TurnTransport {
 public:
  // As UpstreamClient::start. `body`: what request.body is a view of; it may be taken, so that what
  // waits to be sent is no copy of it.
  virtual std::unique_ptr<UpstreamTransfer> start(UpstreamRequest request, std::string& body,
                                                  TurnHandler& handler) = 0;

 protected:
  ~TurnTransport() = default;
};

}  // namespace responses_proxy
