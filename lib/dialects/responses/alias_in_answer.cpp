#include "dialects/responses/alias_in_answer.h"

#include "core/json.h"
#include "core/json_members.h"
#include "core/part_of_text.h"
#include "core/sse_event.h"

namespace responses_proxy {

namespace {

// `text` with another value in the place of `old`, a part of it.
std::string replaced(std::string_view text, std::string_view old, const std::string& value) {
  const std::size_t at = position_in(text, old);
  std::string changed;
  changed.reserve(text.size() + value.size());
  return changed.append(text.substr(0, at)).append(value).append(text.substr(at + old.size()));
}

}  // namespace

std::string with_alias(std::string_view json, std::string_view alias) {
  const auto members = read_members(json);
  const std::string_view model = members ? member(*members, "model") : std::string_view();
  return model.starts_with('"') ? replaced(json, model, dump(Json(alias))) : std::string(json);
}

void give_with_alias(const AnswerEvent& event, std::string_view model, std::string_view alias,
                     AnswerSink& sink) {
  if (!model.starts_with('"')) return sink.event(event);
  const std::string name = dump(Json(alias));
  const std::string json = replaced(event.json, model, name);
  std::string wire;
  if (!event.wire.empty()) {
    // The event's own framing stays, where its JSON stands in it as one piece.
    const bool in_one = position_in(event.wire, event.json) != std::string_view::npos;
    wire = in_one ? replaced(event.wire, model, name) : sse_event(event.type, json);
  }
  AnswerEvent renamed = event;
  renamed.json = json;
  renamed.wire = wire;
  sink.event(renamed);
}

}  // namespace responses_proxy
