#include "dialects/responses/alias_in_answer.h"

#include <algorithm>
#include <array>

#include "core/json.h"
#include "core/json_members.h"
#include "core/sse_event.h"

namespace responses_proxy {

namespace {

constexpr std::array<std::string_view, 6> kWithResponse = {
    "response.created",   "response.in_progress", "response.queued",
    "response.completed", "response.incomplete",  "response.failed"};

// `text` with the value of the object's member "model" replaced, where it is a text. `object` is a
// part of `text`.
bool replace_model(std::string& text, std::string_view object, std::string_view alias) {
  std::string copy(object);
  const auto members = read_members(copy);
  if (!members) return false;
  const std::string_view old = member(*members, "model");
  if (!old.starts_with('"')) return false;
  const auto at = static_cast<std::size_t>(object.data() - text.data()) +
                  static_cast<std::size_t>(old.data() - copy.data());
  text.replace(at, old.size(), dump(Json(alias)));
  return true;
}

// The event's own framing stays, where its JSON stands in it as one piece.
std::string framed_anew(const AnswerEvent& event, const std::string& json) {
  const std::size_t at = event.wire.find(event.json);
  if (at == std::string_view::npos) return sse_event(event.type, json);
  std::string wire(event.wire);
  return wire.replace(at, event.json.size(), json);
}

}  // namespace

std::string with_alias(std::string_view json, std::string_view alias) {
  std::string text(json);
  replace_model(text, text, alias);
  return text;
}

std::string with_alias_in_event(std::string_view json, std::string_view alias) {
  std::string text(json);
  std::string copy = text;
  const auto members = read_members(copy);
  if (!members) return text;
  const std::string_view response = member(*members, "response");
  if (response.empty()) return text;
  const auto at = static_cast<std::size_t>(response.data() - copy.data());
  replace_model(text, std::string_view(text).substr(at, response.size()), alias);
  return text;
}

void AliasedSink::event(const AnswerEvent& event) {
  const bool has_response =
      std::find(kWithResponse.begin(), kWithResponse.end(), event.type) != kWithResponse.end();
  if (!has_response || event.json.empty()) return to_.event(event);
  const std::string json = with_alias_in_event(event.json, alias_);
  const std::string wire = event.wire.empty() ? std::string() : framed_anew(event, json);
  AnswerEvent renamed = event;
  renamed.json = json;
  renamed.wire = wire;
  to_.event(renamed);
}

}  // namespace responses_proxy
