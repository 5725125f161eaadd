// The answer of an upstream on its way to the client, in the terms of the Responses API: its head,
// its events, and what is learnt from it while it passes.
//
// Ownership  Plain values; what an AnswerEvent points at is valid during the call it is given to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "responses_proxy/export.h"
#include "responses_proxy/response_writer.h"
#include "responses_proxy/token_usage.h"

namespace RP_PUBLIC responses_proxy {

// Of one answer; what is beyond is not learnt.
inline constexpr std::size_t kMaxItemIds = 64;

// How an answer stands, as far as it was read.
enum class AnswerState : std::uint8_t {
  open,        // no terminal event yet
  completed,   // response.completed
  incomplete,  // response.incomplete
  failed,      // response.failed or error
};

// What is to become of the items that were not done when a client has interrupted an answer.
enum class PartialItems : std::uint8_t {
  keep,     // they end as far as they have come, and stay in the conversation
  discard,  // as if they had not begun
};

// Parts of an event that something in here asks for, as they stand in its JSON: JSON texts, ""
// where there is none. Valid as long as that.
struct EventParts {
  std::string_view delta;
  std::string_view item;
  std::string_view item_id;
  std::string_view usage;  // its own, or that of its response
  // Of its response.
  std::string_view response_id;
  std::string_view conversation_id;
  std::string_view model;
  std::string_view output;
  std::vector<std::string> output_ids;  // of the items in that, read; kMaxItemIds at most
  std::optional<bool> stored;
  std::optional<bool> background;
};

// What an event of the Responses API says of itself, at the top level of its JSON: items and texts
// inside may have a "type" or an error code of their own.
struct EventHead {
  std::string type;  // "response.output_text.delta"; "" if there is none
  std::optional<std::int64_t> sequence_number;
  std::string error_code;         // of `error`, of `response.error` or beside the type
  std::string incomplete_reason;  // response.incomplete_details.reason
  bool names_stream = false;      // it has a "stream_id"
  EventParts parts;

  // A `response.incomplete` that is followed by the answer to what the client has steered to.
  bool steered() const { return type == "response.incomplete" && incomplete_reason == "steered"; }
};

// One event of a streamed answer.
struct AnswerEvent {
  std::string_view type;  // the top-level member of its JSON; "" if it has none
  std::string_view json;  // its data; "" where it holds no JSON, as comments do
  // As server-sent event, blank line included, the way it came; "" where it did not come as one.
  std::string_view wire;
  AnswerState state = AnswerState::open;  // after this event
  bool names_stream = false;              // its JSON has a "stream_id"
};

// Takes an answer in, in order: events where it is a stream of them, else bytes of a document.
class AnswerSink {
 public:
  virtual void event(const AnswerEvent& event) = 0;
  virtual void bytes(std::string_view bytes) = 0;

 protected:
  ~AnswerSink() = default;
};

// The head of the client's answer. A stream of events may end in-band; anything else is one
// document.
struct AnswerHead {
  ResponseHead response;
  bool event_stream = false;
};

// An answer as a later request has to repeat it, and as it is given back.
struct StoredResponse {
  std::string id;
  std::string output;  // its items, comma-separated JSON
  // They are all there. Not where they were more than may be kept, or where the client has changed
  // the course of the answer.
  bool whole = true;
  // Of an upstream that keeps none: the response as it stands, and how its items came
  // (KeptResponse).
  std::string document = {};
  std::string marks = {};
};

// What is learnt from an answer while it passes. The words are the upstream's own: what is kept of
// them goes through a mask for secrets.
struct AnswerFacts {
  std::string response_id;
  std::string conversation_id;
  std::vector<std::string> item_ids;  // of output items, kMaxItemIds at most
  bool stored = true;                 // false: the answer says that it cannot be continued
  bool background = false;            // it is generated while nobody is connected
  std::string error_code;           // of a failed answer or an error body; its type if it has none
  std::string upstream_request_id;  // the provider's own name for the exchange
  std::int64_t next_sequence_number = 0;  // of the event that comes next, should one come
  TokenUsage usage;
  std::int64_t text_bytes = 0;  // of output text deltas, as they stand in the JSON
  AnswerState state = AnswerState::open;
  // An event of substance was seen: more than "created" and "in progress".
  bool substance = false;
  // False for an event stream that has not come to its terminal event.
  bool complete = true;
  // An event grew over kMaxEventBytes: nothing is read any more.
  bool event_too_large = false;
};

// As much as a WebSocket upstream may send in one message.
inline constexpr std::size_t kMaxEventBytes = 64 * 1024 * 1024;

}  // namespace responses_proxy
