// Dialect `chat_completions`: providers that speak the Chat Completions API, for clients of the
// Responses API. What goes up is in chat_request.h, what comes back in chat_decoder.h, what differs
// between providers in chat_settings.h.
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "dialects/chat_completions/chat_decoder.h"
#include "dialects/chat_completions/chat_request.h"
#include "dialects/chat_completions/chat_settings.h"
#include "dialects/resource_access.h"
#include "dialects/translation/portable_reasoning.h"
#include "dialects/translation/provider_errors.h"
#include "dialects/translation/read_conversation.h"
#include "dialects/translation/translated_turn.h"
#include "responses_proxy/dialect.h"

namespace responses_proxy {

namespace {

// A provider that takes thoughts back takes those of others, too: their text.
bool tells_foreign(const ChatSettings& settings, const Turn& turn) {
  return settings.reasoning_field.empty() &&
         foreign_reasoning(settings.foreign_reasoning, turn.foreign_reasoning) ==
             ForeignReasoning::text;
}

// Of one target.
struct ChatTarget final : DialectSettings {
  ChatTarget(const Resource& resource, std::string_view capabilities)
      : settings(chat_settings(resource.base_url, resource.dialect_config, capabilities)),
        origin(reasoning_origin(resource)) {}
  const ChatSettings settings;
  const std::string origin;
};

class ChatCompletionsDialect final : public Dialect {
 public:
  std::string_view name() const override { return "chat_completions"; }

  void authorize(Headers& headers, const Resource& resource) const override {
    add_resource_headers(headers, resource);
  }

  UpstreamCall probe(const Resource& resource, std::string_view path) const override {
    UpstreamCall call = probe_call(resource, path);
    authorize(call.headers, resource);
    return call;
  }

  UpstreamFault fault(const UpstreamAnswer& answer) const override {
    AnswerError error{answer.status, {}};
    if (answer.status >= 300) error = provider_error(answer.status, answer.body);
    return fault_of(error, {}, answer.headers, answer.now);
  }

  std::shared_ptr<const DialectSettings> settings(const Resource& resource, std::string_view,
                                                  std::string_view capabilities) const override {
    return std::make_shared<const ChatTarget>(resource, capabilities);
  }

  Result<Translated> translate(const Turn& turn, const Resource& resource) const override {
    if (auto error = refuse_other_endpoints(turn.request)) return *error;
    auto parsed = read_conversation(turn);
    if (!parsed) return parsed.error();
    Conversation& conversation = (*parsed)->conversation();
    std::optional<ChatTarget> read;
    const auto* target = dynamic_cast<const ChatTarget*>(turn.settings);
    if (target == nullptr) target = &read.emplace(resource, turn.capabilities);
    const ChatSettings& settings = target->settings;
    const std::string& origin = target->origin;
    if (tells_foreign(settings, turn)) {
      tell_foreign_reasoning(conversation, [&origin](const Reasoning& one) {
        const std::string_view sealed = one.encrypted_content;
        return !sealed.empty() && !reasoning_made_at(origin, sealed);
      });
    }
    const std::string_view model = upstream_model(turn, conversation);
    auto body = chat_request(conversation, {settings, model, origin});
    if (!body) return body.error();

    Translated translated;
    UpstreamCall& call = translated.call;
    call.method = "POST";
    call.url = upstream_url(resource, fmt::format("/{}", settings.endpoint_path));
    call.headers = translated_request_headers(turn.request.headers, conversation.stream);
    authorize(call.headers, resource);
    call.body = std::move(*body);
    auto decoder = std::make_unique<ChatDecoder>(ChatDecoder::Options{origin, settings.think_tags});
    finish_translation(translated, turn, conversation, std::move(decoder));
    return translated;
  }
};

}  // namespace

std::unique_ptr<Dialect> make_chat_completions_dialect() {
  return std::make_unique<ChatCompletionsDialect>();
}

}  // namespace responses_proxy
