#include "dialects/anthropic_messages/anthropic_token_count.h"

#include <algorithm>
#include <utility>

#include "core/json_reader.h"
#include "core/json_text.h"
#include "dialects/anthropic_messages/anthropic_errors.h"
#include "dialects/headers.h"

namespace responses_proxy {

namespace {

// Of a server that has nothing at this path. Anthropic says the same status of a model.
bool is_missing_endpoint(int status, const ErrorWords& words) {
  const bool missing = status == 404 || status == 405 || status == 501;
  return missing && words.message.find("model") == std::string::npos;
}

AnswerError no_such_endpoint() {
  AnswerError error{501, {}};
  error.words.code = "unsupported_endpoint";
  error.words.type = "invalid_request_error";
  error.words.message =
      "This model's provider has no endpoint that counts the tokens of an input: they are known "
      "when it has answered, as `usage.input_tokens`.";
  return error;
}

}  // namespace

AnswerHead AnthropicTokenCount::head(int status, Headers from_upstream) {
  status_ = status;
  headers_ = std::move(from_upstream);
  facts_.upstream_request_id = headers_.get("request-id");
  AnswerHead head;
  head.response.status = status;
  head.response.headers = forwarded_response_headers(headers_);
  for (const std::string_view name : {"content-type", "content-encoding", "content-length"}) {
    head.response.headers.erase(name);
  }
  head.response.headers.add("content-type", "application/json");
  return head;
}

void AnthropicTokenCount::read(std::string_view bytes, AnswerSink&) {
  text_.append(bytes.substr(0, kMaxBody - std::min(kMaxBody, text_.size())));
}

void AnthropicTokenCount::finish(AnswerSink& sink) {
  std::int64_t tokens = 0;
  const bool counted = status_ < 300 && read_json(text_, [&tokens](simdjson::dom::element root) {
                         if (root["input_tokens"].get(tokens) != simdjson::SUCCESS) tokens = -1;
                       });
  if (!counted || tokens < 0) {
    error_ = error_of_answer();
    facts_.error_code = error_->words.code;
    return sink.bytes(error_json(*error_));
  }
  JsonText json;
  json.begin_object().put("object", "response.input_tokens");
  sink.bytes(json.put_number("input_tokens", tokens).end_object().str());
}

UpstreamFault AnthropicTokenCount::fault(WallTime now) const {
  if (status_ == 0) return {};
  if (status_ < 300) return fault_of({status_, {}}, model_, headers_, now);
  return fault_of(anthropic_error(status_, text_), model_, headers_, now);
}

AnswerError AnthropicTokenCount::error_of_answer() const {
  if (status_ < 300) return unreadable_answer("it has no count of tokens");
  AnswerError error = anthropic_error(status_, text_);
  return is_missing_endpoint(status_, error.words) ? no_such_endpoint() : error;
}

}  // namespace responses_proxy
