// Dialect `anthropic_messages`: Anthropic's models, and servers of other makers that speak its
// Messages API, for clients of the Responses API. What goes up is in anthropic_request.h, what
// comes back in anthropic_decoder.h, what differs between models in anthropic_settings.h.
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "dialects/anthropic_messages/anthropic_decoder.h"
#include "dialects/anthropic_messages/anthropic_errors.h"
#include "dialects/anthropic_messages/anthropic_request.h"
#include "dialects/anthropic_messages/anthropic_settings.h"
#include "dialects/anthropic_messages/anthropic_token_count.h"
#include "dialects/anthropic_messages/signed_thoughts.h"
#include "dialects/resource_access.h"
#include "dialects/translation/portable_reasoning.h"
#include "dialects/translation/read_conversation.h"
#include "dialects/translation/translated_turn.h"
#include "responses_proxy/dialect.h"

namespace responses_proxy {

namespace {

void authorize_as(const AnthropicSettings& settings, Headers& headers, const Resource& resource) {
  add_resource_headers(headers, resource);
  // Where nobody has said where the key goes, it goes where this API looks for it.
  const Auth usual;
  const bool said =
      resource.auth.kind != usual.kind || !equals_ignore_case(resource.auth.name, usual.name);
  if (said || settings.bearer) return;
  headers.erase(usual.name);
  headers.set("x-api-key", resource.credential.reveal());
}

void add_headers(const AnthropicSettings& settings, Headers& headers, const Resource& resource) {
  headers.set("anthropic-version", settings.version);
  authorize_as(settings, headers, resource);
}

bool asks_for_count(const Request& request) {
  return request.method == "POST" && request.path == "/v1/responses/input_tokens";
}

// Of one target.
struct AnthropicModel final : DialectSettings {
  AnthropicModel(const Resource& resource, std::string_view model, std::string_view capabilities)
      : settings(anthropic_settings(resource, model, capabilities)),
        origin(reasoning_origin(resource)) {}
  const AnthropicSettings settings;
  const std::string origin;
};

class AnthropicMessagesDialect final : public Dialect {
 public:
  std::string_view name() const override { return "anthropic_messages"; }

  void authorize(Headers& headers, const Resource& resource) const override {
    authorize_as(anthropic_settings(resource, {}, {}), headers, resource);
  }

  UpstreamCall probe(const Resource& resource, std::string_view path) const override {
    UpstreamCall call = probe_call(resource, path);
    add_headers(anthropic_settings(resource, {}, {}), call.headers, resource);
    return call;
  }

  UpstreamFault fault(const UpstreamAnswer& answer) const override {
    AnswerError error{answer.status, {}};
    if (answer.status >= 300) error = anthropic_error(answer.status, answer.body);
    return fault_of(error, {}, answer.headers, answer.now);
  }

  // The generation of the model counts: without its name there are none.
  std::shared_ptr<const DialectSettings> settings(const Resource& resource, std::string_view model,
                                                  std::string_view capabilities) const override {
    if (model.empty()) return nullptr;
    return std::make_shared<const AnthropicModel>(resource, model, capabilities);
  }

  Result<Translated> translate(const Turn& turn, const Resource& resource) const override {
    const bool counting = asks_for_count(turn.request);
    if (auto error = counting ? std::nullopt : refuse_other_endpoints(turn.request)) return *error;
    auto parsed = read_conversation(turn);
    if (!parsed) return parsed.error();
    Conversation& conversation = (*parsed)->conversation();
    const std::string_view model = upstream_model(turn, conversation);
    std::optional<AnthropicModel> read;
    const auto* known = dynamic_cast<const AnthropicModel*>(turn.settings);
    if (known == nullptr) known = &read.emplace(resource, model, turn.capabilities);
    const AnthropicSettings& settings = known->settings;
    const std::string& origin = known->origin;
    if (foreign_reasoning(settings.foreign_reasoning, turn.foreign_reasoning) ==
        ForeignReasoning::text) {
      tell_foreign_reasoning(conversation, [&origin](const Reasoning& one) {
        return !signed_thought_of(one, origin);
      });
    }
    const AnthropicTarget target{settings, model, origin};
    auto written = counting ? anthropic_count_request(conversation, target)
                            : anthropic_request(conversation, target);
    if (!written) return written.error();

    Translated translated;
    UpstreamCall& call = translated.call;
    call.method = "POST";
    const char* const below = counting ? "/count_tokens" : "";
    call.url = upstream_url(resource, fmt::format("/{}{}", settings.endpoint_path, below));
    const bool stream = conversation.stream && !counting;
    call.headers = translated_request_headers(turn.request.headers, stream);
    add_headers(settings, call.headers, resource);
    call.body = std::move(written->body);
    if (counting) {
      translated.answer = std::make_unique<AnthropicTokenCount>(std::string(model));
      return translated;
    }
    finish_translation(translated, turn, conversation, std::make_unique<AnthropicDecoder>(origin));
    note_adjusted(translated, written->adjusted);
    return translated;
  }
};

}  // namespace

std::unique_ptr<Dialect> make_anthropic_messages_dialect() {
  return std::make_unique<AnthropicMessagesDialect>();
}

}  // namespace responses_proxy
