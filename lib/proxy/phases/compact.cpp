#include "proxy/phases/compact.h"

#include <optional>
#include <string>
#include <utility>

#include "core/json_reader.h"
#include "proxy/exchange_context.h"

namespace responses_proxy::phases {

namespace {

// Takes in a document.
struct Text final : AnswerSink {
  void event(const AnswerEvent&) override {}
  void bytes(std::string_view bytes) override { text.append(bytes); }
  std::string text;
};

// The one item of that response.
std::optional<Compacted> compacted_in(std::string_view document) {
  std::optional<Compacted> compacted;
  read_json(document, [&](simdjson::dom::element response) {
    std::string_view content;
    simdjson::dom::element usage;
    const auto item = response.at_pointer("/output/0/encrypted_content");
    if (item.get(content) != simdjson::SUCCESS) return;
    compacted = Compacted{std::string(content), {}};
    const bool known = response["usage"].get(usage) == simdjson::SUCCESS && usage.is_object();
    if (known) compacted->usage = simdjson::minify(usage);
  });
  return compacted;
}

Task<bool> compact(ExchangeContext& exchange) {
  Attempt& attempt = *exchange.attempt;
  while (!attempt.ended() && !exchange.interrupted()) co_await exchange.progress;
  const bool whole = attempt.error() == UpstreamError::none &&
                     attempt.facts().state == AnswerState::completed && attempt.status() < 300;
  if (!whole || exchange.interrupted()) co_return false;
  HeldAnswer held;
  attempt.release(held);
  Text document;
  held.give_to(document);
  exchange.compacted = compacted_in(document.text);
  if (!exchange.compacted) co_return false;
  exchange.tries.resources.pop_back();  // the same resource may serve the rest
  ++exchange.tries.summaries;
  co_return true;
}

}  // namespace

Task<bool> goes_on_compacted(ExchangeContext& exchange) {
  if (!exchange.summarising || exchange.attempt->refusal()) return ready(false);
  return compact(exchange);
}

}  // namespace responses_proxy::phases
