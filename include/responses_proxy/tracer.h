// Tracer: hears of each exchange as a part of a distributed trace
// (https://www.w3.org/TR/trace-context/).
//
// Role       Decides at the beginning whether an exchange is traced, names its span and those of
//            its attempts, and gets what came of it at the end. A turn on a client's socket is one,
//            too.
// Threads    Any of the event loops.
// Ownership  Outlives the proxy.
// Errors     Throws nothing.
// Blocking   Never: what takes its time is done elsewhere.
// Limits     Its own; what is beyond them is left out and counted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "responses_proxy/export.h"

namespace RP_PUBLIC responses_proxy {

struct RequestRecord;

// An exchange that is traced. Ids are hexadecimal digits in lower case: 32 of a trace, 16 of a
// span.
struct ExchangeTrace {
  std::string trace_id;
  std::string span_id;                // the exchange's
  std::string parent_span_id;         // the caller's; "" = the trace begins here
  std::vector<std::string> attempts;  // span ids, as the attempts stand in the record
};

class Tracer {
 public:
  virtual ~Tracer() = default;
  // `traceparent`: the request's, "" = it has none. Nothing: the exchange is not traced, and its
  // headers go up as they came.
  virtual std::optional<ExchangeTrace> begin(std::string_view traceparent) = 0;
  // One attempt more; the `traceparent` that goes up with it.
  virtual std::string attempt(ExchangeTrace& trace) = 0;
  virtual void end(ExchangeTrace trace, const RequestRecord& record) = 0;
};

// What became of the spans.
struct TraceStats {
  std::uint64_t exported = 0;
  std::uint64_t dropped = 0;  // no room, or refused by who collects them
  std::size_t queued = 0;
};

}  // namespace responses_proxy
