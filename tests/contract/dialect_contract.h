// What every Dialect must do. Run it on one with
//   DIALECT_CONTRACT(Backend)
// where Backend has
//   std::unique_ptr<Dialect> make();
//   std::string document();   // a whole answer that is no stream: "Hi there", response "resp_7",
//                             // as it is called unless the upstream names its answers
//   std::string stream();     // the same in several events; both count 1 token in and 3 out
//   std::string error(kind);  // the body of an error: "limit" (429, asks for 5 s in its own way,
//                             // if need be in error_headers()), "key" (401), "trouble" (503)
//   Headers error_headers(kind);
// and SOCKET_DIALECT_CONTRACT(Backend) where it has a socket().
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/json.h"
#include "responses_proxy/dialect.h"
#include "responses_proxy/verdict.h"

namespace responses_proxy::testing {

inline Resource contract_resource() {
  Resource resource;
  resource.id = "openai-1";
  resource.base_url = "http://upstream/v1";
  resource.credential = Secret("sk-of-the-resource");
  return resource;
}

inline Request contract_request(bool stream) {
  Request request;
  request.method = "POST";
  request.path = "/v1/responses";
  request.headers = {{"authorization", "Bearer sk-of-the-client"},
                     {"content-type", "application/json"},
                     {"cookie", "c=1"}};
  request.body = dump({{"model", "m"}, {"input", "hello"}, {"stream", stream}});
  return request;
}

inline std::size_t count_of(const Headers& headers, std::string_view text) {
  std::size_t count = 0;
  for (const Header& field : headers) count += field.value.find(text) != std::string::npos ? 1 : 0;
  return count;
}

// One answer, read in pieces of a size.
struct ContractAnswer final : AnswerSink {
  // `streams`: what the client has asked for.
  ContractAnswer(const Dialect& dialect, int status, Headers head, std::string_view body,
                 std::size_t piece, bool streams = true) {
    const Request request = contract_request(streams);
    Turn turn{request, "m", {}, 1000};
    turn.response_id = "resp_7";
    auto translated = dialect.translate(turn, contract_resource());
    REQUIRE(translated);
    translation = std::move(translated->answer);
    CHECK(translation->fault({}).status == 0);
    answer_head = translation->head(status, std::move(head));
    for (std::size_t at = 0; at < body.size(); at += piece) {
      translation->read(body.substr(at, piece), *this);
    }
  }
  void event(const AnswerEvent& event) override {
    events.push_back(Json::parse(event.json, nullptr, false));
    if (event.state != AnswerState::open) ++ends;
    if (!event.wire.empty()) {
      ++wires;
      CHECK(event.wire.find(event.json) != std::string_view::npos);
    }
    CHECK(events.back().value("type", "") == event.type);
  }
  void bytes(std::string_view bytes) override { document.append(bytes); }

  std::unique_ptr<Translation> translation;
  AnswerHead answer_head;
  std::vector<Json> events;
  std::string document;
  int ends = 0;
  int wires = 0;  // events that came framed
};

inline const Headers kJsonHead{{"content-type", "application/json"}};
inline const Headers kStreamHead{{"content-type", "text/event-stream"}};

template <class Backend>
void check_requests(Backend backend) {
  const auto dialect = backend.make();
  CHECK_FALSE(dialect->name().empty());
  const Resource resource = contract_resource();
  const Request request = contract_request(false);
  const auto translated = dialect->translate({request, "m", {}}, resource);
  REQUIRE(translated);
  const UpstreamCall probe = dialect->probe(resource, "models");
  for (const UpstreamCall& call : {translated->call, probe}) {
    CHECK(call.url.starts_with("http://upstream/"));
    CHECK_FALSE(call.method.empty());
    CHECK(count_of(call.headers, "sk-of-the-resource") == 1);
    CHECK(count_of(call.headers, "sk-of-the-client") == 0);
    CHECK_FALSE(call.headers.find("cookie"));
  }
  Headers headers;
  dialect->authorize(headers, resource);
  CHECK(headers.size() == 1);
  CHECK(count_of(headers, "sk-of-the-resource") == 1);
}

template <class Backend>
void check_documents(Backend backend) {
  const auto dialect = backend.make();
  const std::string body = backend.document();
  for (std::size_t piece = 1; piece <= body.size(); ++piece) {
    ContractAnswer answer(*dialect, 200, kJsonHead, body, piece, false);
    CHECK_FALSE(answer.answer_head.event_stream);
    CHECK(answer.answer_head.response.status == 200);
    answer.translation->finish(answer);
    const Json response = Json::parse(answer.document);
    CHECK(response["id"] == "resp_7");
    CHECK(response["object"] == "response");
    CHECK(response["output"][0]["content"][0]["text"] == "Hi there");
    const AnswerFacts& facts = answer.translation->facts();
    CHECK(facts.response_id == "resp_7");
    CHECK(facts.usage.output == 3);
    CHECK(facts.usage.total == 4);
    CHECK(facts.complete);
    CHECK(verdict_of(answer.translation->fault({}), {}).health == Health::healthy);
    CHECK_FALSE(answer.translation->failure("cut", answer));
  }
}

inline void check_numbers(const std::vector<Json>& events) {
  for (std::size_t i = 0; i < events.size(); ++i) {
    CHECK(events[i]["sequence_number"] == static_cast<int>(i));
  }
}

template <class Backend>
void check_streams(Backend backend) {
  const auto dialect = backend.make();
  const std::string body = backend.stream();
  std::vector<Json> whole;
  for (std::size_t piece = body.size(); piece > 0; --piece) {
    ContractAnswer answer(*dialect, 200, kStreamHead, body, piece);
    CHECK(answer.answer_head.event_stream);
    answer.translation->finish(answer);
    if (whole.empty()) whole = answer.events;
    CHECK(answer.events == whole);
    CHECK(answer.ends == 1);
    const AnswerFacts& facts = answer.translation->facts();
    CHECK(facts.response_id == "resp_7");
    CHECK(facts.usage.total == 4);
    CHECK(facts.state == AnswerState::completed);
    CHECK(facts.substance);
    CHECK(facts.complete);
    CHECK(answer.translation->held_bytes() <= 1000);
  }
  check_numbers(whole);
  CHECK(whole.front()["type"] == "response.created");
  CHECK(whole.back()["type"] == "response.completed");
  std::string text;
  for (const Json& event : whole) {
    if (event["type"] == "response.output_text.delta") text += event["delta"];
  }
  CHECK(text == "Hi there");
}

template <class Backend>
void check_cut_streams(Backend backend) {
  const auto dialect = backend.make();
  const std::string body = backend.stream();
  for (std::size_t cut = 0; cut < body.size(); ++cut) {
    ContractAnswer answer(*dialect, 200, kStreamHead, body.substr(0, cut), 7);
    if (answer.translation->facts().state != AnswerState::open) continue;  // only its ends lack
    CHECK_FALSE(answer.translation->facts().complete);
    CHECK(answer.translation->failure("it broke off", answer));
    CHECK(answer.ends == 1);
    check_numbers(answer.events);
    CHECK(answer.events.back()["type"] == "response.failed");
    CHECK(answer.events.back()["response"]["error"]["message"] == "it broke off");
  }
}

template <class Backend>
void check_errors(Backend backend) {
  const auto dialect = backend.make();
  struct {
    const char* kind;
    int status;
    Health health;
  } const rows[] = {{"limit", 429, Health::degraded},
                    {"key", 401, Health::unhealthy},
                    {"trouble", 503, Health::degraded}};
  for (const auto& row : rows) {
    CAPTURE(row.kind);
    Headers head = backend.error_headers(row.kind);
    head.add("content-type", "application/json");
    const std::string body = backend.error(row.kind);
    ContractAnswer answer(*dialect, row.status, head, body, 5);
    answer.translation->finish(answer);
    CHECK(answer.answer_head.response.status == row.status);
    const Json error = Json::parse(answer.document).at("error");
    CHECK(error.at("message").is_string());
    CHECK(error.at("code").is_string());
    for (const UpstreamFault& fault :
         {answer.translation->fault({}), dialect->fault({row.status, head, body, WallTime{}})}) {
      CHECK(fault.meaning == row.status);
      CHECK_FALSE(fault.message.empty());
      const Verdict verdict = verdict_of(fault, {});
      CHECK(verdict.health == row.health);
      CHECK(verdict.blocked == (row.status == 429 ? Millis(5'000) : Millis(0)));
    }
  }
}

template <class Backend>
void check_what_is_stored(Backend backend) {
  const auto dialect = backend.make();
  if (backend.stream().empty()) return;
  ContractAnswer answer(*dialect, 200, kStreamHead, backend.stream(), 11);
  const StoredResponse stored = answer.translation->stored();
  CHECK(stored.id == "resp_7");
  CHECK(stored.whole);
  const Json items = Json::parse("[" + stored.output + "]");
  REQUIRE(items.size() == 1);
  CHECK(items[0]["content"][0]["text"] == "Hi there");
}

// The events of a stream as messages of a WebSocket, of dialects that are spoken over one.
template <class Backend>
void check_sockets(Backend backend) {
  const auto dialect = backend.make();
  const SocketDialect* const socket = dialect->socket();
  REQUIRE(socket != nullptr);
  ContractAnswer streamed(*dialect, 200, kStreamHead, backend.stream(), 1000);
  ContractAnswer answer(*dialect, 200, kStreamHead, "", 1);
  for (const Json& event : streamed.events) {
    const std::string json = dump(event);
    const auto message = socket->read(json);
    REQUIRE(message);
    CHECK(message->json == json);
    CHECK(event["type"] == message->head.type);
    CHECK(message->trouble == UpstreamMessage::Trouble::none);
    CHECK((message->state == AnswerState::open) == (&event != &streamed.events.back()));
    CHECK(answer.translation->take(*message, answer));
  }
  CHECK(answer.events == streamed.events);
  CHECK(answer.ends == 1);
  const AnswerFacts& facts = answer.translation->facts();
  CHECK(facts.response_id == "resp_7");
  CHECK(facts.usage.total == 4);
  CHECK(facts.state == AnswerState::completed);
  ContractAnswer cut(*dialect, 200, kStreamHead, "", 1);
  const std::string first = dump(streamed.events.front());
  CHECK(cut.translation->take(*socket->read(first), cut));
  CHECK(cut.translation->failure("it broke off", cut));
  CHECK(cut.ends == 1);
  // Nothing of it is framed as a stream of HTTP has it.
  CHECK(answer.wires + cut.wires == 0);
  for (const char* const text : {"", "[]", "\"response.created\"", "{"}) {
    CAPTURE(text);
    CHECK_FALSE(socket->read(text));
  }
}

// An error in place of an answer is the HTTP answer that it stands for.
template <class Backend>
void check_socket_errors(Backend backend) {
  const auto dialect = backend.make();
  const SocketDialect* const socket = dialect->socket();
  REQUIRE(socket != nullptr);
  struct {
    const char* kind;
    int status;
  } const rows[] = {{"limit", 429}, {"key", 401}, {"trouble", 503}};
  for (const auto& row : rows) {
    CAPTURE(row.kind);
    Json error = Json::parse(backend.error(row.kind));
    error["type"] = "error";
    error["status"] = row.status;
    for (const Header& field : backend.error_headers(row.kind)) {
      error["headers"][std::string(field.name)] = std::string(field.value);
    }
    const std::string json = dump(error);
    const auto message = socket->read(json);
    REQUIRE(message);
    CHECK(message->trouble != UpstreamMessage::Trouble::none);
    const SocketRefusal refusal = socket->refusal(*message);
    CHECK(refusal.status == row.status);
    const UpstreamFault fault =
        dialect->fault({refusal.status, refusal.headers, refusal.body, WallTime{}});
    CHECK(fault.meaning == row.status);
    CHECK_FALSE(fault.message.empty());
    CHECK(verdict_of(fault, {}).blocked == (row.status == 429 ? Millis(5'000) : Millis(0)));
  }
}

inline std::string in_lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// What a request continues goes up in front of what it says, once and in order, and the id of what
// it continues does not.
template <class Backend>
void check_history(Backend backend) {
  const auto dialect = backend.make();
  Request request = contract_request(true);
  request.body = dump({{"model", "m"},
                       {"previous_response_id", "resp_6"},
                       {"input", {{{"role", "user"}, {"content", "and four"}}}}});
  Turn turn{request, "m", {}};
  turn.history = R"({"role":"user","content":"say one"},)"
                 R"({"type":"message","role":"assistant","content":"said two"},)"
                 R"({"role":"user","content":"now three"})";
  const auto translated = dialect->translate(turn, contract_resource());
  REQUIRE(translated);
  REQUIRE(translated->call.body);
  const std::string body = in_lower_case(*translated->call.body);
  std::size_t at = 0;
  for (const char* said : {"say one", "said two", "now three", "and four"}) {
    CAPTURE(said);
    const std::size_t found = body.find(said);
    REQUIRE(found != std::string::npos);
    CHECK(found > at);
    CHECK(body.find(said, found + 1) == std::string::npos);
    at = found;
  }
  CHECK(body.find("resp_6") == std::string::npos);
}

}  // namespace responses_proxy::testing

#define DIALECT_CONTRACT(Backend)                                                    \
  TEST_CASE(#Backend ": a request carries the resource's credential and no other") { \
    responses_proxy::testing::check_requests(Backend{});                             \
  }                                                                                  \
  TEST_CASE(#Backend ": a document is one response, however it is cut") {            \
    responses_proxy::testing::check_documents(Backend{});                            \
  }                                                                                  \
  TEST_CASE(#Backend ": a stream is the same events, however it is cut") {           \
    responses_proxy::testing::check_streams(Backend{});                              \
  }                                                                                  \
  TEST_CASE(#Backend ": a stream that breaks off gets one end of ours") {            \
    responses_proxy::testing::check_cut_streams(Backend{});                          \
  }                                                                                  \
  TEST_CASE(#Backend ": errors mean what their words mean") {                        \
    responses_proxy::testing::check_errors(Backend{});                               \
  }                                                                                  \
  TEST_CASE(#Backend ": what a later request has to repeat") {                       \
    responses_proxy::testing::check_what_is_stored(Backend{});                       \
  }                                                                                  \
  TEST_CASE(#Backend ": what a request continues goes up before it, in order") {     \
    responses_proxy::testing::check_history(Backend{});                              \
  }

// Of dialects that are spoken over WebSocket as well.
#define SOCKET_DIALECT_CONTRACT(Backend)                                          \
  TEST_CASE(#Backend ": messages of a socket are the events of a stream") {       \
    responses_proxy::testing::check_sockets(Backend{});                           \
  }                                                                               \
  TEST_CASE(#Backend ": an error on a socket is the answer that it stands for") { \
    responses_proxy::testing::check_socket_errors(Backend{});                     \
  }
