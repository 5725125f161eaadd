// A stream of a translating dialect, whole and cut in pieces: the same events of the Responses API,
// one end at most, numbers without a gap, every event JSON.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json.h"
#include "fuzz_input.h"
#include "responses_proxy/dialect.h"

namespace responses_proxy::fuzz {

struct TranslatedEvents final : AnswerSink {
  void event(const AnswerEvent& event) override {
    require(ends == 0);
    const Json json = Json::parse(event.json, nullptr, false);
    require(json.is_object() && json["sequence_number"] == count++);
    if (event.state != AnswerState::open) ++ends;
    text.append(event.json).append("\n");
  }
  void bytes(std::string_view bytes) override { text.append(bytes); }

  std::string text;
  int count = 0;
  int ends = 0;
};

enum class Asked : std::uint8_t { document, summary, stream };

inline std::string body_of(Asked asked) {
  if (asked == Asked::document) return R"({"model":"m","input":"x"})";
  if (asked == Asked::summary) {
    return R"({"model":"m","stream":true,"input":[{"role":"user","content":"x"},)"
           R"({"type":"compaction_trigger"}]})";
  }
  return R"({"model":"m","stream":true,"input":"x","tools":[{"type":"custom","name":"f"},)"
         R"({"type":"local_shell"}]})";
}

inline std::string read_translated(const Dialect& dialect, std::string_view dialect_config,
                                   Asked asked, const std::vector<std::string_view>& pieces) {
  Request request;
  request.method = "POST";
  request.path = "/v1/responses";
  request.body = body_of(asked);
  Resource resource;
  resource.base_url = "http://u";
  resource.dialect_config = dialect_config;
  auto translated = dialect.translate({request, "m", {}, 1000}, resource);
  require(translated.ok());
  Translation& translation = *translated->answer;
  translation.head(200, {{"content-type", "text/event-stream"}});
  TranslatedEvents given;
  for (const std::string_view piece : pieces) translation.read(piece, given);
  translation.finish(given);
  const bool open = translation.facts().state == AnswerState::open;
  require(open != translation.facts().complete);
  if (asked != Asked::document && open)
    require(translation.failure("cut", given) && given.ends == 1);
  return std::move(given.text);
}

inline void check_translated_stream(const Dialect& dialect, std::string_view dialect_config,
                                    FuzzInput input) {
  const unsigned kind = input.byte() % 4U;
  const Asked asked = kind == 0 ? Asked::document : kind == 1 ? Asked::summary : Asked::stream;
  const auto [bytes, pieces] = input.cut();
  require(read_translated(dialect, dialect_config, asked, {bytes}) ==
          read_translated(dialect, dialect_config, asked, pieces));
}

}  // namespace responses_proxy::fuzz
