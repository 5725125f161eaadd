#include "dialects/translation/translated_turn.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <string>
#include <utility>

#include "dialects/headers.h"
#include "dialects/translation/summary_decoder.h"

namespace responses_proxy {

namespace {

// Of a turn that has none: in tests, and where nobody continues an answer.
constexpr std::string_view kNoId = "resp_0";
constexpr std::string_view kCompactPath = "/v1/responses/compact";
constexpr std::string_view kSearchPath = "/v1/alpha/search";
constexpr std::string_view kModelsPath = "/v1/models/";

std::int64_t seconds_of(const Clock* clock) {
  if (clock == nullptr) return 0;
  const auto since_epoch = clock->wall().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(since_epoch).count();
}

bool flag_at(simdjson::dom::element object, std::string_view key) {
  bool flag = false;
  return object[key].get(flag) == simdjson::SUCCESS && flag;
}

// Of those endpoints that clients ask for: what they can do instead. "" = of no such.
std::string_view why_not(std::string_view path) {
  if (path == "/v1/responses/input_tokens") {
    return "This model's provider has no endpoint that counts the tokens of an input: they are "
           "known when it has answered, as `usage.input_tokens`.";
  }
  return {};
}

// What the model says is the summary; calls that it makes all the same are nobody's.
std::unique_ptr<AnswerDecoder> summary_decoder(std::unique_ptr<AnswerDecoder> decoder,
                                               ResponseObject object, Compaction compaction,
                                               const TextSeal* seal) {
  ResponseEvents::Options unseen;
  unseen.events = false;
  return std::make_unique<SummaryDecoder>(std::move(decoder),
                                          ResponseEvents(object.of_an_answer(), {}, unseen),
                                          compaction == Compaction::too_long, seal);
}

}  // namespace

std::optional<Error> refuse_other_endpoints(const Request& request) {
  const bool known = request.path == "/v1/responses" || request.path == kCompactPath;
  if (request.method == "POST" && known) return std::nullopt;
  if (request.path == kSearchPath) {  // Codex tells its model, and the turn goes on
    return Error::refused(
        404, "unknown_path",
        fmt::format("There is no {} for this model: its provider does not speak the Responses API.",
                    request.path));
  }
  if (request.path.starts_with(kModelsPath)) {  // aliases have been answered already
    return Error::refused(404, "model_not_found",
                          fmt::format("The model '{}' is not registered here.",
                                      request.path.substr(kModelsPath.size())),
                          "model");
  }
  if (const std::string_view why = why_not(request.path); !why.empty()) {
    return Error::refused(501, "unsupported_endpoint", std::string(why));
  }
  return Error::refused(
      501, "unsupported_endpoint",
      fmt::format("{} {} is not known to this model's provider, which does not speak the Responses "
                  "API: only POST /v1/responses and /v1/responses/compact are translated for it.",
                  request.method, request.path));
}

Result<std::unique_ptr<ParsedRequest>> read_conversation(const Turn& turn) {
  auto parsed = read_conversation(ReadRequest{turn.request.body, turn.history, turn.seal,
                                              turn.request.path == kCompactPath, turn.compacted});
  if (parsed && upstream_model(turn, (*parsed)->conversation()).empty()) {
    return Error::invalid_request("missing_required_parameter",
                                  "Missing required parameter: 'model'.", "model");
  }
  return parsed;
}

std::string_view upstream_model(const Turn& turn, const Conversation& conversation) {
  return turn.upstream_model.empty() ? conversation.model : turn.upstream_model;
}

Headers translated_request_headers(const Headers& from_client, bool stream) {
  Headers headers = forwarded_request_headers(from_client);
  headers.erase("content-encoding");
  headers.erase("openai-beta");  // of an API that is not spoken here
  headers.set("content-type", "application/json");
  headers.set("accept", stream ? kEventStream : "application/json");
  return headers;
}

void note_adjusted(Translated& translated, std::string_view what) {
  if (!translated.adjusted.empty() && !what.empty()) translated.adjusted += "; ";
  translated.adjusted += what;
}

void finish_translation(Translated& translated, const Turn& turn, Conversation& conversation,
                        std::unique_ptr<AnswerDecoder> decoder) {
  const std::string_view id = turn.response_id.empty() ? kNoId : turn.response_id;
  const std::string_view client_model = turn.alias.empty() ? conversation.model : turn.alias;
  ResponseObject object(conversation, id, client_model, seconds_of(turn.clock));
  ResponseEvents::Options options;
  translated.summarises = conversation.compaction == Compaction::too_long;
  const bool streams = conversation.stream && !translated.summarises;
  options.events = streams;
  options.store = conversation.store;
  options.background = flag_at(conversation.request, "background");
  options.continued = conversation.compaction != Compaction::standalone;
  options.keep_output = turn.keep_output;
  options.clock = turn.clock;
  if (conversation.compaction != Compaction::none) {
    decoder = summary_decoder(std::move(decoder), object, conversation.compaction, turn.seal);
  }
  Headers added;
  if (!conversation.omitted_tools.empty()) {
    const std::string omitted = fmt::format("{}", fmt::join(conversation.omitted_tools, ", "));
    added.add("x-proxy-omitted-tools", omitted);
    note_adjusted(translated, "omitted_tools: " + omitted);
  }
  if (!conversation.omitted_items.empty()) {
    note_adjusted(translated,
                  fmt::format("omitted_items: {}", fmt::join(conversation.omitted_items, ", ")));
  }
  ResponseEvents events(std::move(object), std::move(conversation.names), options);
  if (turn.compacted != nullptr) {
    events.go_on_from(turn.compacted->encrypted_content, read_usage(turn.compacted->usage));
    note_adjusted(translated, "compacted");
  }
  translated.answer = std::make_unique<TranslatedAnswer>(
      std::move(decoder), std::move(events), std::string(upstream_model(turn, conversation)),
      streams, std::move(added));
}

}  // namespace responses_proxy
