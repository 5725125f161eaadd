// Between "translate" and "send": a response that is asked for with `"background":true`, of an
// upstream that makes none in the background itself, is made here without its client.
#pragma once

#include <optional>

#include "core/task.h"
#include "responses_proxy/dialect.h"
#include "responses_proxy/error.h"

namespace responses_proxy {

struct ExchangeContext;

namespace phases {

// Once, before the first attempt is sent: anybody can find the response from now on, and the client
// has its answer, unless it wants the stream. From then on the exchange goes on without it.
// Error: there are too many already, or it cannot be kept.
Task<std::optional<Error>> go_to_background(ExchangeContext& exchange, const Translation& answer);

// The client of a stream has left: the rest is made all the same. false: it is not.
bool goes_on_alone(ExchangeContext& exchange);

// At the end of the exchange: what has become of the response is kept, however it has ended.
// `error`: in place of an answer.
Task<> end_background(ExchangeContext& exchange, const std::optional<Error>& error);

}  // namespace phases
}  // namespace responses_proxy
