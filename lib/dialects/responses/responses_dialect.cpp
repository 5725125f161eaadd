// Dialect `responses`: the passthrough. The client's bytes go up and the upstream's come down; only
// credentials, hop-by-hop headers and the request id change.
#include <charconv>
#include <memory>
#include <utility>

#include "core/json_reader.h"
#include "dialects/headers.h"
#include "dialects/resource_access.h"
#include "dialects/responses/alias_in_answer.h"
#include "dialects/responses/document_reader.h"
#include "dialects/responses/encrypted_items.h"
#include "dialects/responses/faults.h"
#include "dialects/responses/request_body.h"
#include "dialects/responses/responses_socket.h"
#include "dialects/responses/stream_reader.h"
#include "responses_proxy/dialect.h"

namespace responses_proxy {

namespace {

std::optional<std::uint64_t> content_length(const Headers& headers) {
  const std::string_view text = headers.get("content-length");
  std::uint64_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return bytes;
}

// nullopt: the client's own bytes go up.
std::optional<std::string> changed_body(const Turn& turn) {
  std::optional<std::string> body;
  if (turn.history) body = with_history(turn.request.body, *turn.history);
  if (turn.upstream_model.empty()) return body;
  return with_model(body ? *body : turn.request.body, turn.upstream_model);
}

class ResponsesTranslation final : public Translation {
 public:
  ResponsesTranslation(std::string_view model, std::size_t keep_output, std::string_view alias)
      : model_(model), keep_output_(keep_output), alias_(alias) {}

  AnswerHead head(int status, Headers from_upstream) override {
    const Headers& headers = from_upstream;
    const bool readable = headers.get("content-encoding").empty();
    AnswerHead head;
    head.event_stream = readable && is_event_stream(headers);
    head.response.status = status;
    head.response.content_length = content_length(headers);
    head.response.headers = forwarded_response_headers(headers);
    // Codex takes another name than the one it has asked for as a sign of being rerouted.
    if (!alias_.empty() && headers.find("openai-model")) {
      head.response.headers.set("openai-model", alias_);
    }
    learnt_.facts.upstream_request_id = headers.get("x-request-id");
    if (head.event_stream) {
      stream_.emplace(learnt_, keep_output_);
    } else {
      document_.emplace(what_to_learn(status, readable), learnt_, keep_output_);
      if (!alias_.empty() && readable && status < 300) {
        document_->call_model(alias_);
        head.response.content_length.reset();
      }
    }
    status_ = status;
    if (status >= 300) bad_headers_ = std::move(from_upstream);
    return head;
  }

  void read(std::string_view bytes, AnswerSink& sink) override {
    if (document_) return document_->read(bytes, sink);
    AliasedSink aliased(sink, alias_);
    stream_->read(bytes, named(sink, aliased));
  }
  void finish(AnswerSink& sink) override {
    if (document_) return document_->finish(sink);
    AliasedSink aliased(sink, alias_);
    stream_->finish(named(sink, aliased));
  }
  bool take(const UpstreamMessage& message, AnswerSink& sink) override {
    AliasedSink aliased(sink, alias_);
    stream_->take(message, named(sink, aliased));
    return true;
  }
  StoredResponse stored() const override {
    if (stream_) return stream_->stored();
    return document_ ? document_->stored() : Translation::stored();
  }
  std::size_t held_bytes() const override { return stream_ ? stream_->held_bytes() : 0; }
  const AnswerFacts& facts() const override { return learnt_.facts; }

  UpstreamFault fault(WallTime now) const override {
    const ErrorWords& error = learnt_.error;
    const bool in_band = status_ < 300 && facts().state == AnswerState::failed;
    UpstreamFault fault =
        in_band ? fault_in_band(error, model_) : fault_of_error(status_, error, model_);
    add_wishes(fault, error, bad_headers_, now);
    return fault;
  }

  bool failure(std::string_view message, AnswerSink& sink) const override {
    return stream_ && stream_->failure(message, sink);
  }

 private:
  AnswerSink& named(AnswerSink& sink, AliasedSink& aliased) const {
    if (alias_.empty()) return sink;
    return aliased;
  }

  static DocumentReader::Learn what_to_learn(int status, bool readable) {
    using Learn = DocumentReader::Learn;
    if (!readable) return Learn::nothing;
    return status < 300 ? Learn::object : Learn::error;
  }

  const std::string model_;
  const std::size_t keep_output_;
  const std::string alias_;  // what the client calls the model; "" = as the upstream does
  LearntAnswer learnt_;
  int status_ = 0;                      // 0: no head has come
  Headers bad_headers_;                 // of an answer that is no 2xx: what it asks for
  std::optional<StreamReader> stream_;  // one of these two, once the head is there
  std::optional<DocumentReader> document_;
};

class ResponsesDialect final : public Dialect {
 public:
  std::string_view name() const override { return "responses"; }

  void authorize(Headers& headers, const Resource& resource) const override {
    add_resource_headers(headers, resource);
  }

  UpstreamCall probe(const Resource& resource, std::string_view path) const override {
    UpstreamCall call = probe_call(resource, path);
    authorize(call.headers, resource);
    return call;
  }

  UpstreamFault fault(const UpstreamAnswer& answer) const override {
    ErrorWords error;
    if (answer.status >= 300 && !answer.body.empty()) {
      read_json(answer.body, [&](simdjson::dom::element root) { error = read_error_words(root); });
    }
    UpstreamFault fault = fault_of_error(answer.status, error, {});
    add_wishes(fault, error, answer.headers, answer.now);
    return fault;
  }

  Result<Translated> translate(const Turn& turn, const Resource& resource) const override {
    const Request& request = turn.request;
    Translated translated;
    UpstreamCall& call = translated.call;
    // What the GET would have said; the listener leaves the body out. Not every provider knows
    // HEAD.
    call.method = request.method == "HEAD" ? "GET" : request.method;
    std::string_view path = request.path;
    // The base URL ends in its own "/v1" (or whatever the provider uses instead).
    if (path.starts_with("/v1")) path.remove_prefix(3);
    call.url = upstream_url(resource, path, request.query);
    call.headers = forwarded_request_headers(request.headers);
    authorize(call.headers, resource);
    call.body = changed_body(turn);
    translated.answer = std::make_unique<ResponsesTranslation>(
        turn.upstream_model.empty() ? turn.model : turn.upstream_model, turn.keep_output,
        turn.alias);
    return translated;
  }

  bool keeps_responses() const override { return true; }
  const SocketDialect* socket() const override { return &socket_; }

  std::optional<std::string> without_encrypted_items(std::string_view body,
                                                     const TextSeal* seal) const override {
    return responses_proxy::without_encrypted_items(body, seal);
  }

 private:
  const ResponsesSocket socket_{};
};

}  // namespace

std::unique_ptr<Dialect> make_responses_dialect() {
  return std::make_unique<ResponsesDialect>();
}

}  // namespace responses_proxy
