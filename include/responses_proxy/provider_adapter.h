// ProviderAdapter: speaks one provider's wire format; no I/O.
//
// Role       Turns a Responses request into the upstream's request, and the upstream's answer back
//            into Responses bytes. `responses` is the passthrough: the client's bytes both ways.
// Threads    An adapter is stateless and shared; AnswerReader belongs to one attempt on one loop.
// Errors     adapt_request returns an Error for what cannot be expressed; nothing is sent then.
// Blocking   Never; cost is linear in the bytes given.
// Limits     AnswerReader holds at most one incomplete event of kMaxEventBytes; a longer one ends
//            the answer.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "responses_proxy/request.h"
#include "responses_proxy/request_record.h"
#include "responses_proxy/resource.h"
#include "responses_proxy/result.h"

namespace responses_proxy {

struct AdaptedRequest {
  std::string method;
  std::string url;
  Headers headers;  // with the resource's credential, without hop-by-hop fields
  // The body to send; absent: the client's own bytes, untouched.
  std::optional<std::string> body;
};

// How a streamed answer stands, as far as it was read.
enum class AnswerState : std::uint8_t {
  open,        // no terminal event yet
  completed,   // response.completed
  incomplete,  // response.incomplete
  failed,      // response.failed or error
};

// Of one answer; what is beyond is not learnt.
inline constexpr std::size_t kMaxItemIds = 64;

// What is learnt from an answer while it passes. The words are the upstream's own: what is kept of
// them goes through a SecretMask.
struct AnswerFacts {
  std::string response_id;
  std::string conversation_id;
  std::vector<std::string> item_ids;  // of output items, kMaxItemIds at most
  bool stored = true;                 // false: the answer says that it cannot be continued
  std::string error_code;  // of a failed answer or an error body; its type if it has none
  std::string error_type;
  std::string error_message;  // the same, cut to kMaxErrorMessage
  // What an error inside the answer asks for, as the headers it stands for (retry-after, ...).
  Headers error_headers;
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

inline constexpr std::size_t kMaxErrorCode = 128;
inline constexpr std::size_t kMaxErrorMessage = 512;

// Reads one answer as it arrives and gives out what the client shall get.
class AnswerReader {
 public:
  // As much as a WebSocket upstream may send in one message.
  static constexpr std::size_t kMaxEventBytes = 64 * 1024 * 1024;

  virtual ~AnswerReader() = default;
  // Whole events (or, for JSON, all bytes so far) that may be forwarded; valid until the next call.
  virtual std::string_view read(std::string_view upstream_bytes) = 0;
  // The answer is a stream of events: it may end in-band. Else it is one document.
  virtual bool event_stream() const = 0;
  // The upstream has ended well: what is left to forward.
  virtual std::string_view finish() = 0;
  // The upstream has ended too early: what tells the client so in-band, or nullopt if only cutting
  // the connection can.
  virtual std::optional<std::string> failure(std::string_view message) const = 0;
  virtual const AnswerFacts& facts() const = 0;
};

class ProviderAdapter {
 public:
  virtual ~ProviderAdapter() = default;
  virtual std::string_view name() const = 0;  // the `wire_api` it serves
  virtual Result<AdaptedRequest> adapt_request(const Request& request,
                                               const Resource& resource) const = 0;
  // `head` is the upstream's; the headers of the client's answer are left in it.
  virtual std::unique_ptr<AnswerReader> adapt_answer(int status, Headers& head) const = 0;
};

// The passthrough for upstreams that speak the Responses API themselves.
std::unique_ptr<ProviderAdapter> make_responses_adapter();

}  // namespace responses_proxy
