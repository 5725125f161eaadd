#include "proxy/phases/admit.h"

#include <utility>

#include "core/body_limit.h"
#include "core/content_encoding.h"
#include "core/utf8_text.h"
#include "proxy/aside.h"
#include "proxy/exchange_context.h"
#include "responses_proxy/gate.h"

namespace responses_proxy::phases {

namespace {

// 426 makes a client that can do both go on over HTTP at once.
Error websocket_not_supported(bool enabled, bool for_responses) {
  const char* const reason =
      !enabled ? "WebSocket is switched off here (PROXY_WEBSOCKET_ENABLED); send the request over "
                 "HTTP."
      : for_responses
          ? "This is no handshake of a WebSocket: it has to be a GET over HTTP/1.1 with "
            "\"Connection: upgrade\" beside \"Upgrade: websocket\". Let a proxy in front pass both "
            "on "
            "(nginx: proxy_http_version 1.1), or send the request over HTTP."
          : "WebSocket is served on /v1/responses only; send this request over HTTP.";
  return Error::refused(426, "websocket_not_supported", reason);
}

// Of the body as it came; a turn's is not copied into the request yet.
std::size_t sent_bytes(const ExchangeContext& exchange) {
  return exchange.turn ? exchange.turn->bytes() : exchange.request.body.size();
}

// What can be said before the body is read.
std::optional<Error> look_at_head(ExchangeContext& exchange) {
  const Request& request = exchange.request;
  auto caller = exchange.dependencies.gate->admit(request);
  if (!caller) return caller.error();
  exchange.caller = exchange.record.caller = std::move(caller->name);
  if (sent_bytes(exchange) > exchange.config.max_body_bytes) {
    return body_too_large(exchange.config.max_body_bytes);
  }
  if (equals_ignore_case(request.headers.get("upgrade"), "websocket")) {
    return websocket_not_supported(exchange.config.websocket_enabled,
                                   request.path == "/v1/responses");
  }
  auto endpoint = classify(request.method, request.path);
  if (!endpoint) return endpoint.error();
  exchange.endpoint = *endpoint;
  return std::nullopt;
}

// The words that requests are remembered and looked up by.
void mask_facts(const RecordMask& mask, RequestFacts& facts) {
  for (std::string* word :
       {&facts.previous_response_id, &facts.conversation_id, &facts.path_response_id,
        &facts.comparison_response_id, &facts.session_id, &facts.session_name}) {
    mask.apply_to(*word);
  }
  for (std::string& id : facts.item_references) mask.apply_to(id);
}

std::optional<Error> decode_and_read(ExchangeContext& exchange) {
  Request& request = exchange.request;
  if (exchange.turn) request.body = exchange.turn->text();
  if (const auto encodings = request.headers.list("content-encoding"); !encodings.empty()) {
    auto decoded = decode_content(encodings, request.body, exchange.config.max_body_bytes);
    if (!decoded) return decoded.error();
    request.body = std::move(*decoded);
    request.headers.erase("content-encoding");
  }
  if (exchange.endpoint.needs_json_body()) drop_byte_order_mark(request.body);
  exchange.capture.request(request.body);
  auto facts = exchange.turn
                   ? read_request_facts(request.headers, exchange.endpoint, exchange.turn->body())
                   : read_request_facts(request, exchange.endpoint);
  if (!facts) return facts.error();
  exchange.facts = std::move(*facts);
  mask_facts(exchange.mask, exchange.facts);
  return std::nullopt;
}

void put_on_record(const RequestFacts& facts, RequestRecord& record) {
  record.stream = facts.stream;
  record.session_id = facts.session_id;
  record.session_name = facts.session_name;
  record.requested_pool_id = facts.pool_id;
  record.model = facts.model;
  record.previous_response_id = facts.previous_response_id;
}

// A turn that was refused where it came in is on record with what is known of it.
std::optional<Error> refused_already(ExchangeContext& exchange) {
  if (!exchange.turn || exchange.turn->refusal() == nullptr) return std::nullopt;
  auto facts =
      read_request_facts(exchange.request.headers, exchange.endpoint, exchange.turn->body());
  if (facts) {
    exchange.facts = std::move(*facts);
    mask_facts(exchange.mask, exchange.facts);
  }
  exchange.facts.stream = true;
  put_on_record(exchange.facts, exchange.record);
  return *exchange.turn->refusal();
}

}  // namespace

Task<std::optional<Error>> admit(ExchangeContext& exchange) {
  std::optional<Error> error = look_at_head(exchange);
  if (!error) error = refused_already(exchange);
  if (error) co_return error;
  // How much comes out of an encoded body shows only when it is decoded.
  const bool encoded = exchange.request.headers.find("content-encoding").has_value();
  co_await aside(exchange, encoded || sent_bytes(exchange) > kLargeBody,
                 [&exchange, &error] { error = decode_and_read(exchange); });
  if (error) co_return error;
  exchange.facts.stream = exchange.facts.stream || exchange.turn != nullptr;
  put_on_record(exchange.facts, exchange.record);
  co_return error;
}

}  // namespace responses_proxy::phases
