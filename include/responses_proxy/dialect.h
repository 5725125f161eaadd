// Dialect: one wire format of providers, and Translation: one attempt in it. No I/O.
//
// Role       A dialect turns a Responses request into the upstream's request and the upstream's
//            answer back into one of the Responses API. It owns everything that differs between
//            providers' wire formats: how a credential is sent, how a key is probed, what an error
//            means. `responses` is the passthrough: the client's bytes up, the upstream's down.
// Threads    A Dialect is stateless and shared; a Translation belongs to one attempt on one loop.
// Ownership  What a Turn points at is there during translate(); a Translation copies what it needs.
// Errors     translate() returns an Error for what cannot be expressed: nothing is sent then. What
//            an upstream says is never an error here; fault() tells what it means.
// Blocking   Never; cost is linear in the bytes given.
// Limits     A Translation holds at most one incomplete event of kMaxEventBytes; a longer one ends
//            the answer.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "responses_proxy/answer.h"
#include "responses_proxy/clock.h"
#include "responses_proxy/dialect_settings.h"
#include "responses_proxy/export.h"
#include "responses_proxy/foreign_reasoning.h"
#include "responses_proxy/request.h"
#include "responses_proxy/resource.h"
#include "responses_proxy/result.h"
#include "responses_proxy/text_seal.h"

namespace RP_PUBLIC responses_proxy {

// One request to an upstream.
struct UpstreamCall {
  std::string method;
  std::string url;
  Headers headers;  // with the resource's credential, without hop-by-hop fields
  // The body to send; absent: the client's own bytes, untouched.
  std::optional<std::string> body;
};

// What the conversation of a request has become that was too long for it (Translated::summarises).
struct Compacted {
  std::string encrypted_content;  // of the item that stands for it
  std::string usage;              // of the call that has made it, JSON; "" = not known
};

// One request of a client, as it is translated.
struct Turn {
  const Request& request;                // its body decoded
  std::string_view model = {};           // what the request asks for; "" if it names none
  std::string_view upstream_model = {};  // what goes up in its place; "" = as it stands
  // So many bytes of its output may be kept for Translation::stored(); 0 = nothing is.
  std::size_t keep_output = 0;
  // What the client calls the model, if that is an alias: so the answer names it, too. "" = no
  // alias.
  std::string_view alias = {};
  // What is known of the model at this resource: a JSON object; "" = nothing.
  std::string_view capabilities = {};
  // What Dialect::settings() has made of resource, model and capabilities; null: nothing, then
  // translate() reads them itself.
  const DialectSettings* settings = nullptr;
  // The items of the conversation that the request continues, oldest first, comma-separated JSON
  // without brackets; they come before those of its `input`, and its `previous_response_id` counts
  // no more. Absent: it continues nothing, or the resource has what it continues.
  std::optional<std::string_view> history = std::nullopt;
  // What the answer is called where the upstream does not name its answers itself: unique, and not
  // to be guessed. "resp_..."
  std::string_view response_id = {};
  const Clock* clock = nullptr;  // tells when an answer was made; null: nothing does
  // For texts that go through the client's hands; null: they do so in the open. It outlives the
  // answer.
  const TextSeal* seal = nullptr;
  // A provider's `config` may say otherwise.
  ForeignReasoning foreign_reasoning = ForeignReasoning::drop;
  // In place of all that was answered already: the request goes on from there, and its answer
  // begins with that item. Null: nothing was summarised for it.
  const Compacted* compacted = nullptr;
};

// One message of an upstream's WebSocket, looked at once.
struct UpstreamMessage {
  enum class Trouble : std::uint8_t {
    none,
    connection_used_up,  // the upstream takes no more requests on this connection
    id_unknown,          // it does not know what the request continues
    other,
  };

  std::string_view json;
  EventHead head;
  AnswerState state = AnswerState::open;  // of the answer, after it
  Trouble trouble = Trouble::none;  // else it is an error, in place of an answer or within one
};

// An error in place of an answer, as the HTTP answer that it stands for.
struct SocketRefusal {
  int status = 0;
  Headers headers;
  std::string body;
};

// How a dialect is spoken over WebSocket.
class SocketDialect {
 public:
  // nullopt: it is no message of this dialect.
  virtual std::optional<UpstreamMessage> read(std::string_view json) const = 0;
  // Of a message that is an error.
  virtual SocketRefusal refusal(const UpstreamMessage& message) const = 0;

 protected:
  ~SocketDialect() = default;
};

// What an upstream's answer says against the request or the resource, whatever words its wire
// format has for it.
struct UpstreamFault {
  // Of the answer; for an error inside a 200 the status that its code stands for. Below 400: the
  // answer is good. 0: there is none yet.
  int status = 0;
  // The status that says what is meant: 402 for an error that says, under any status, that no
  // waiting will mend it, because somebody has to pay; else `status`.
  int meaning = 0;
  // The provider's words, bounded; not free of secrets.
  std::string code;
  std::string type;
  std::string message;
  bool in_band = false;         // reported inside a 200
  std::optional<Millis> wait;   // asked for: stay away so long
  bool no_retry = false;        // asked for: do not come back; without saying until when
  bool model_refused = false;   // the resource does not serve the model, or not to this key
  bool id_unknown = false;      // it does not know what the request continues
  bool cannot_decrypt = false;  // items in the request are of another account
  // What the error itself says in fields of its own: a stream's and a socket's have no other head.
  Headers headers;
};

// An error answer, as far as it has come.
struct UpstreamAnswer {
  int status = 0;
  const Headers& headers;
  std::string_view body;
  WallTime now;
};

class Translation {
 public:
  virtual ~Translation() = default;
  // Once, before anything else. What the client gets for the upstream's head.
  virtual AnswerHead head(int status, Headers from_upstream) = 0;
  // The upstream's body, in the pieces it arrives in. What is whole now goes to the sink.
  virtual void read(std::string_view bytes, AnswerSink& sink) = 0;
  // The upstream has ended well: what is left goes to the sink.
  virtual void finish(AnswerSink& sink) = 0;
  virtual const AnswerFacts& facts() const = 0;
  // What the answer says so far; of a request without an answer: nothing (status 0).
  virtual UpstreamFault fault(WallTime now) const = 0;
  // The status for the client, where what came after the head says more than the upstream's did;
  // 0: that of the head stands.
  virtual int revised_status() const { return 0; }

  // A message that has come over WebSocket, in place of read(). false: this translation reads none.
  virtual bool take(const UpstreamMessage& message, AnswerSink& sink) {
    static_cast<void>(message);
    static_cast<void>(sink);
    return false;
  }
  // The client has interrupted the answer: it ends here, as incomplete ("interrupted"), with what
  // was said so far. false: the host has to say so.
  virtual bool interrupt(PartialItems partial, AnswerSink& sink) {
    static_cast<void>(partial);
    static_cast<void>(sink);
    return false;
  }
  // The answer so far, as far as Turn::keep_output allowed.
  virtual StoredResponse stored() const { return {{}, {}, false}; }
  // What it holds of an answer that has not been given out.
  virtual std::size_t held_bytes() const { return 0; }
  // The upstream has ended too early: tells the client so in-band. false: only cutting the
  // connection can.
  virtual bool failure(std::string_view message, AnswerSink& sink) const {
    static_cast<void>(message);
    static_cast<void>(sink);
    return false;
  }
};

// What is sent, and what reads the answer to it.
struct Translated {
  UpstreamCall call;
  std::unique_ptr<Translation> answer;
  // What of the request could not be said, for the record: "omitted_tools: web_search"; "" = all
  // was.
  std::string adjusted = {};
  // The conversation is longer than the request wants it. What is sent asks for a summary, and the
  // answer is a document of a response with one item, for the host alone: it translates the request
  // again, with that as Turn::compacted. A host that does not gives its client the item.
  bool summarises = false;
};

class Dialect {
 public:
  virtual ~Dialect() = default;
  virtual std::string_view name() const = 0;  // the `wire_api` it speaks
  virtual void authorize(Headers& headers, const Resource& resource) const = 0;
  // A request that costs nothing and shows whether the credential is good. `path` is relative to
  // the resource's base URL.
  virtual UpstreamCall probe(const Resource& resource, std::string_view path) const = 0;
  virtual UpstreamFault fault(const UpstreamAnswer& answer) const = 0;
  virtual Result<Translated> translate(const Turn& turn, const Resource& resource) const = 0;

  // What can be read of a target before any request: see ReadSettings.
  virtual std::shared_ptr<const DialectSettings> settings(const Resource& resource,
                                                          std::string_view model,
                                                          std::string_view capabilities) const {
    static_cast<void>(resource);
    static_cast<void>(model);
    static_cast<void>(capabilities);
    return nullptr;
  }

  // Whether upstreams keep their responses, and know them by their ids. Of those that do not, the
  // proxy keeps what Translation::stored() gives, and what a request continues is in Turn::history.
  virtual bool keeps_responses() const { return false; }
  // Null: it is spoken over HTTP only.
  virtual const SocketDialect* socket() const { return nullptr; }
  // The body of a request without the items that only the account that made them can decrypt;
  // summaries that this proxy has sealed (`seal`, may be null) are told in words. nullopt: there
  // are none.
  virtual std::optional<std::string> without_encrypted_items(std::string_view body,
                                                             const TextSeal* seal) const {
    static_cast<void>(body);
    static_cast<void>(seal);
    return std::nullopt;
  }
};

// The passthrough for upstreams that speak the Responses API themselves.
std::unique_ptr<Dialect> make_responses_dialect();
// For providers that speak the Chat Completions API.
std::unique_ptr<Dialect> make_chat_completions_dialect();
// For Anthropic, and for servers that speak its Messages API.
std::unique_ptr<Dialect> make_anthropic_messages_dialect();

}  // namespace responses_proxy
