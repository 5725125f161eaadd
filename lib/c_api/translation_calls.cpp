// The functions of the C interface that translate.
#include <memory>
#include <string>
#include <utility>

#include "c_api/call.h"
#include "c_api/handles.h"
#include "core/response_id.h"
#include "core/sse_event.h"
#include "route/endpoint.h"
#include "route/request_facts.h"

namespace responses_proxy::c_api {

namespace {

// What goes over HTTP to the client.
class Collected final : public AnswerSink {
 public:
  void event(const AnswerEvent& event) override {
    if (!event.wire.empty() || event.json.empty()) {
      bytes_.append(event.wire);
    } else {
      bytes_ += sse_event(event.type, event.json);  // it has not come as one
    }
  }
  void bytes(std::string_view bytes) override { bytes_.append(bytes); }
  const std::string& collected() const { return bytes_; }

 private:
  std::string bytes_;
};

Request request_of(const Json& told, std::string_view body) {
  Request request;
  request.method = text_at(told, "method", "POST");
  request.path = served_path(text_at(told, "path", "/v1/responses"));
  request.query = text_at(told, "query");
  const auto headers = told.find("headers");
  if (headers != told.end()) request.headers = headers_of(*headers);
  request.body = body;
  return request;
}

std::optional<std::string> history_of(const Json& told) {
  const auto found = told.find("history");
  if (found == told.end() || found->is_null()) return std::nullopt;
  if (!found->is_array()) throw Invalid("history must be a list of items");
  std::string items;
  for (const Json& item : *found) {
    if (!items.empty()) items += ',';
    items += dump(item);
  }
  return items;
}

Json told_of(const UpstreamCall& call) {
  return {{"method", call.method},
          {"url", call.url},
          {"headers", to_json(call.headers)},
          {"body", call.body ? Json(*call.body) : Json(nullptr)}};
}

Json number_or_null(const std::optional<std::int64_t>& number) {
  return number ? Json(*number) : Json(nullptr);
}

Json told_of(const TokenUsage& usage) {
  return {{"input_tokens", number_or_null(usage.input)},
          {"output_tokens", number_or_null(usage.output)},
          {"total_tokens", number_or_null(usage.total)},
          {"cached_tokens", number_or_null(usage.cached)},
          {"reasoning_tokens", number_or_null(usage.reasoning)}};
}

Json told_of(const UpstreamFault& fault) {
  if (fault.status < 400) return nullptr;
  return {{"status", fault.status},
          {"code", fault.code},
          {"type", fault.type},
          {"message", fault.message},
          {"in_band", fault.in_band},
          {"model_refused", fault.model_refused},
          {"id_unknown", fault.id_unknown},
          {"wait_ms", fault.wait ? Json(fault.wait->count()) : Json(nullptr)}};
}

std::string_view word_of(AnswerState state) {
  switch (state) {
    case AnswerState::open:
      return "open";
    case AnswerState::completed:
      return "completed";
    case AnswerState::incomplete:
      return "incomplete";
    case AnswerState::failed:
      return "failed";
  }
  return "";
}

// Error: it cannot be said there, or it is no request that is served.
Result<UpstreamCall> translate(const rp_lease& lease, rp_translation& made,
                               const std::optional<std::string>& history) {
  const Lease& held = lease.held();
  const Dialect* dialect = lease.picker->dialect_of(held.resource());
  if (dialect == nullptr) throw Invalid("the wire_api of the resource is the host's to speak");
  const auto endpoint = classify(made.request.method, made.request.path);
  if (!endpoint) return endpoint.error();
  auto facts = read_request_facts(made.request, *endpoint);
  if (!facts) return facts.error();
  made.model = std::move(facts->model);
  made.alias = lease.alias;
  if (!dialect->keeps_responses()) {
    if (!facts->previous_response_id.empty() && !history) {
      return previous_response_not_found(facts->previous_response_id);
    }
    made.response_id = new_response_id(lease.picker->random());
  }
  auto translated = dialect->translate(
      {.request = made.request,
       .model = made.model,
       .upstream_model = held.model(),
       .alias = made.alias,
       .capabilities = held.capabilities(),
       .history = history ? std::optional<std::string_view>(*history) : std::nullopt,
       .response_id = made.response_id,
       .clock = &lease.picker->clock()},
      held.resource());
  if (!translated) return translated.error();
  made.translation = std::move(translated->answer);
  return std::move(translated->call);
}

// Of an answer that is being read. Throws Invalid.
rp_translation& open_one(rp_translation* translation) {
  rp_translation& one = given(translation, "translation");
  if (one.step == rp_translation::Step::made) throw Invalid("rp_answer_head() comes first");
  if (one.step == rp_translation::Step::ended) throw Invalid("the answer has ended");
  return one;
}

}  // namespace

}  // namespace responses_proxy::c_api

using namespace responses_proxy;
using namespace responses_proxy::c_api;

rp_result rp_translate(const rp_lease* lease, const char* request, size_t size, const char* body,
                       size_t body_size, rp_translation** translation, rp_text* answer) {
  return call(answer, [&] {
    given(translation, "translation") = nullptr;
    const rp_lease& held = given(lease, "lease");
    const Json told = object_of(given_bytes(request, size, "request"), "request");
    auto made = std::make_unique<rp_translation>();
    made->picker = held.picker;
    made->request = request_of(told, given_bytes(body, body_size, "body"));
    const auto call = translate(held, *made, history_of(told));
    if (!call) return say(answer, RP_REJECT, dump(to_json(call.error())));
    const rp_result result = say(answer, RP_OK, dump(told_of(*call)));
    if (result == RP_OK) *translation = made.release();
    return result;
  });
}

rp_result rp_answer_head(rp_translation* translation, int status, const char* headers, size_t size,
                         rp_text* answer) {
  return call(answer, [&] {
    rp_translation& one = given(translation, "translation");
    if (one.step != rp_translation::Step::made) throw Invalid("the answer has its head already");
    if (status < 100 || status > 999) throw Invalid("the status is none of HTTP");
    Headers from_upstream = headers_of(given_bytes(headers, size, "headers"));
    const AnswerHead head = one.translation->head(status, std::move(from_upstream));
    one.step = rp_translation::Step::open;
    Json told = to_json(head.response);
    told["event_stream"] = head.event_stream;
    return say(answer, RP_OK, dump(told));
  });
}

rp_result rp_answer_read(rp_translation* translation, const char* bytes, size_t size,
                         rp_text* answer) {
  return call(answer, [&] {
    rp_translation& one = open_one(translation);
    Collected sink;
    one.translation->read(given_bytes(bytes, size, "bytes"), sink);
    return say(answer, RP_OK, sink.collected());
  });
}

rp_result rp_answer_finish(rp_translation* translation, rp_text* answer) {
  return call(answer, [&] {
    rp_translation& one = open_one(translation);
    Collected sink;
    one.step = rp_translation::Step::ended;
    one.translation->finish(sink);
    return say(answer, RP_OK, sink.collected());
  });
}

rp_result rp_answer_failed(rp_translation* translation, const char* message, rp_text* answer) {
  return call(answer, [&] {
    rp_translation& one = open_one(translation);
    Collected sink;
    one.step = rp_translation::Step::ended;
    const bool told = one.translation->failure(given_text(message, "message"), sink);
    return say(answer, told ? RP_OK : RP_REJECT, sink.collected());
  });
}

rp_result rp_answer_facts(const rp_translation* translation, rp_text* answer) {
  return call(answer, [&] {
    const rp_translation& one = given(translation, "translation");
    const AnswerFacts& facts = one.translation->facts();
    const UpstreamFault fault = one.translation->fault(one.picker->clock().wall());
    return say(answer, RP_OK,
               dump({{"response_id", facts.response_id},
                     {"conversation_id", facts.conversation_id},
                     {"state", word_of(facts.state)},
                     {"complete", facts.complete},
                     {"error_code", facts.error_code},
                     {"upstream_request_id", facts.upstream_request_id},
                     {"usage", told_of(facts.usage)},
                     {"fault", told_of(fault)}}));
  });
}

void rp_translation_destroy(rp_translation* translation) {
  delete translation;
}
