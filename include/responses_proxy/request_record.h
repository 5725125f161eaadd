// RequestRecord: everything that is kept about one finished request.
//
// Role       Filled by the exchange, handed to the TelemetrySink, written to SQL. One per request
//            or WebSocket turn, with one AttemptRecord per resource it was sent to.
// Ownership  Plain values.
// Units      Wall-clock times are UTC; durations in microseconds.
// Limits     No credentials in here. Bodies only when the operator asked for them, each cut to
//            PROXY_MAX_CAPTURE_BYTES.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "responses_proxy/blame.h"
#include "responses_proxy/clock.h"
#include "responses_proxy/export.h"
#include "responses_proxy/selection_reason.h"
#include "responses_proxy/token_usage.h"
#include "responses_proxy/word.h"

namespace RP_PUBLIC responses_proxy {

struct AttemptRecord {
  std::string resource_id;
  std::string provider_id;
  std::string pool_id;
  Word<SelectionReason> reason = SelectionReason::policy;
  WallTime started_at;
  std::chrono::microseconds duration{0};
  std::optional<std::chrono::microseconds> first_byte;  // absent: no answer came
  int status_code = 0;                                  // the upstream's; 0 = no answer
  Word<Blame> blame = Blame::none;
  std::string error;  // "connect_timeout", "http_429", "" when it went well
  std::string upstream_request_id;
  TokenUsage usage{};  // what this answer added to the request's
  friend bool operator==(const AttemptRecord&, const AttemptRecord&) = default;
};

struct RequestRecord {
  std::string request_id;
  std::string client_request_id;  // the client's own x-request-id; "" = it sent none
  std::string caller;             // who asked, as the Gate calls them; "" = the proxy is open
  WallTime created_at;
  std::string method;  // "WEBSOCKET" for a turn on a client's socket
  std::string path;    // with ids, without the query
  bool stream = false;

  std::string session_id;
  std::string session_name;
  std::string requested_pool_id;  // "" = any; each attempt has the one that served
  std::string model;              // as it was sent; the client's name for it, if it is no alias
  std::string model_alias;        // the client's name for it, if it is one
  std::string previous_response_id;
  std::string response_id;  // what the upstream called its answer
  bool background = false;  // the answer is, or is about, a background response

  int status_code = 0;     // what the client got; 499 = it left before the answer was complete
  bool completed = false;  // the answer reached its end
  Word<Blame> blame = Blame::none;
  std::string error;  // code of the proxy's own error, or how the stream ended
  std::string
      adjusted;  // what the proxy changed in the request: "encrypted_items_dropped", "" = nothing
  // Of what was generated, by all attempts: reading a response back adds nothing.
  TokenUsage usage;
  std::int64_t request_bytes = 0;
  std::int64_t response_bytes = 0;
  std::int64_t text_bytes = 0;  // of output text in a stream, as it stands in the JSON
  std::chrono::microseconds duration{0};
  std::optional<std::chrono::microseconds> first_byte;  // of the answer, as the client saw it
  std::chrono::microseconds proxy_time{0};  // spent in here before the first attempt was sent

  std::string request_body;   // PROXY_CAPTURE_BODIES; "" = not captured
  std::string response_body;  // as the client got it

  std::vector<AttemptRecord> attempts;  // in order; the last one made the answer
  friend bool operator==(const RequestRecord&, const RequestRecord&) = default;
};

}  // namespace responses_proxy
