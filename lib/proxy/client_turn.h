// ClientTurn: what an exchange must know of a `response.create` on a client's socket beyond what an
// HTTP request has. A turn can travel over WebSocket or HTTP, and may build on what only one
// upstream connection remembers.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/task.h"
#include "proxy/event_writer.h"
#include "proxy/turn_transport.h"
#include "responses_proxy/conversations.h"
#include "responses_proxy/dialect.h"
#include "responses_proxy/error.h"
#include "responses_proxy/lease.h"
#include "responses_proxy/request.h"
#include "route/request_facts.h"

namespace responses_proxy {

struct ExchangeContext;

class ClientTurn {
 public:
  virtual ~ClientTurn() = default;
  // Why it is refused before anything is asked of anybody; null: it is not.
  virtual const Error* refusal() const = 0;
  // The message as it came, and what was read of it then. Of one that could not be read there is
  // no text any more.
  virtual std::size_t bytes() const = 0;
  virtual std::string_view text() const = 0;
  virtual const BodyFields& body() const = 0;
  // What it continues, if its socket remembers that; null: it does not, or it continues nothing.
  virtual std::shared_ptr<const History> remembered() = 0;
  // What it continues was found elsewhere.
  virtual void continue_from(std::shared_ptr<const History> history) = 0;
  // The items it sends itself, as JSON; and others in their place.
  virtual std::string_view input() const = 0;
  virtual void put_input(std::string_view items) = 0;
  // Chooses the form that the picked resource takes now, and gives the request its headers. Error:
  // nobody remembers what it continues. What the lease is on outlives the transfer.
  virtual std::optional<Error> prepare(const Lease& lease, const Dialect& dialect,
                                       Request& request) = 0;
  // How much write() has to do.
  virtual std::size_t bytes_to_write() const = 0;
  // The request's body in that form. On whatever thread: nothing else happens in the exchange.
  virtual std::string write() const = 0;
  // Sends what write() has written, or, where the upstream has changed meanwhile, something else.
  virtual TurnTransport& transport() = 0;
  // From the next prepare() on. false: there are none.
  virtual Task<bool> drop_encrypted_items(ExchangeContext& exchange) = 0;
  // The answer is complete, and the client has not seen the end yet. `then` hears what a next turn
  // can continue, null: it cannot; within the call, or later on the loop if the turn is large.
  using Answered = std::function<void(std::shared_ptr<const History>)>;
  virtual void answered(StoredResponse response, Answered then) = 0;
  // The exchange has ended: nothing else is asked. What is large is released aside.
  virtual void release() = 0;
  virtual EventWriter& answer() = 0;
};

}  // namespace responses_proxy
