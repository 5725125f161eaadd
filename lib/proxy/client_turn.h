// ClientTurn: what an exchange must know of a `response.create` on a client's socket beyond what an
// HTTP request has. A turn can travel over WebSocket or HTTP, and may build on what only one
// upstream connection remembers.
#pragma once

#include <memory>
#include <optional>

#include "proxy/event_writer.h"
#include "proxy/turn_transport.h"
#include "responses_proxy/conversations.h"
#include "responses_proxy/dialect.h"
#include "responses_proxy/error.h"
#include "responses_proxy/lease.h"
#include "responses_proxy/request.h"
#include "route/request_facts.h"

namespace responses_proxy {

class ClientTurn {
 public:
  virtual ~ClientTurn() = default;
  // Of the message, which was read when it came.
  virtual const BodyFields& body() const = 0;
  // What it continues, if its socket remembers that; null: it does not, or it continues nothing.
  virtual std::shared_ptr<const History> remembered() = 0;
  // What it continues was found elsewhere.
  virtual void continue_from(std::shared_ptr<const History> history) = 0;
  // The items it sends itself, as JSON; and others in their place.
  virtual std::string_view input() const = 0;
  virtual void put_input(std::string_view items) = 0;
  // Puts the request into the form the picked resource takes now. Error: nobody remembers what it
  // continues. What the lease is on outlives the transfer.
  virtual std::optional<Error> prepare(const Lease& lease, const Dialect& dialect,
                                       Request& request) = 0;
  // Sends what prepare() has made ready.
  virtual TurnTransport& transport() = 0;
  // From the next prepare() on. false: there are none.
  virtual bool drop_encrypted_items() = 0;
  // The answer is complete, and the client has not seen the end yet. What a next turn can continue;
  // null: it cannot.
  virtual std::shared_ptr<const History> answered(const StoredResponse& response) = 0;
  virtual EventWriter& answer() = 0;
};

}  // namespace responses_proxy
