// What an exchange does with the client's body as a whole. For a large one that takes longer than
// an event loop may be held up, so it happens on a helper thread.
#include <utility>

#include "core/content_encoding.h"
#include "core/utf8_text.h"
#include "proxy/exchange.h"

namespace responses_proxy {

Task Exchange::aside(bool large, std::function<void()> work) {
  bool done = false;
  // This coroutine keeps `work` and the exchange until the loop has heard of the end.
  const bool taken = large && loop_.helpers.run([this, &work, &done] {
    work();
    loop_.loop.post([this, &done] {
      done = true;
      progress_.fire();
    });
  });
  if (!taken) {
    work();
    co_return;
  }
  while (!done) co_await progress_;
}

// How much comes out of an encoded body shows only when it is decoded.
Task Exchange::read_body(std::optional<Error>& error) {
  const bool encoded = request_.headers.find("content-encoding").has_value();
  co_await aside(encoded || request_.body.size() > kLargeBody,
                 [this, &error] { error = decode_and_read(); });
  if (error) co_return;
  facts_.stream = facts_.stream || turn_ != nullptr;
  record_.stream = facts_.stream;
  record_.session_id = facts_.session_id;
  record_.session_name = facts_.session_name;
  record_.requested_pool_id = facts_.pool_id;
  record_.model = facts_.model;
  record_.previous_response_id = facts_.previous_response_id;
}

std::optional<Error> Exchange::decode_and_read() {
  if (const auto encodings = request_.headers.list("content-encoding"); !encodings.empty()) {
    auto decoded = decode_content(encodings, request_.body, config_.max_body_bytes);
    if (!decoded) return decoded.error();
    request_.body = std::move(*decoded);
    request_.headers.erase("content-encoding");
  }
  if (endpoint_.needs_json_body()) drop_byte_order_mark(request_.body);
  capture_.request(request_.body);
  auto facts = read_request_facts(request_, endpoint_);
  if (!facts) return facts.error();
  facts_ = std::move(*facts);
  mask_facts();
  return std::nullopt;
}

// The words that requests are remembered and looked up by.
void Exchange::mask_facts() {
  for (std::string* word :
       {&facts_.previous_response_id, &facts_.conversation_id, &facts_.path_response_id,
        &facts_.comparison_response_id, &facts_.session_id, &facts_.session_name}) {
    *word = mask_.apply(*word);
  }
  for (std::string& id : facts_.item_references) id = mask_.apply(id);
}

// The session had to move to an account that cannot decrypt what the one before has made: once more
// without it, unless there is nothing to leave out.
Task Exchange::drop_encrypted_items(bool& dropped) {
  std::optional<std::string> body;
  if (turn_) {
    dropped = turn_->drop_encrypted_items();
  } else {
    // The attempt may still be sending the body: it is only read here.
    co_await aside(request_.body.size() > kLargeBody,
                   [this, &body] { body = dialect_->without_encrypted_items(request_.body); });
    dropped = body.has_value();
  }
  if (!dropped) co_return;
  close_attempt();
  if (body) request_.body = std::move(*body);
  tried_.pop_back();  // the same resource may serve it now
  encrypted_items_dropped_ = true;
  record_.adjusted = "encrypted_items_dropped";
}

// Giving back a hundred megabytes takes a while, too.
void Exchange::release_body() {
  for (std::string* body : {&request_.body, &translated_body_}) {
    std::string unused = std::exchange(*body, {});
    if (unused.size() > kLargeBody) loop_.helpers.run([unused = std::move(unused)] {});
  }
}

}  // namespace responses_proxy
