#include "dialects/responses/event_head.h"

#include <array>
#include <utility>

#include "core/json_fields.h"

namespace responses_proxy {

std::optional<EventHead> read_event_head(std::string_view json) {
  std::array<JsonField, 1> error{{{"code"}}};
  std::array<JsonField, 1> response_error{{{"code"}}};
  std::array<JsonField, 1> incomplete{{{"reason"}}};
  std::array<JsonField, 2> response{
      {{"error", response_error}, {"incomplete_details", incomplete}}};
  std::array<JsonField, 5> event{
      {{"type"}, {"sequence_number"}, {"code"}, {"error", error}, {"response", response}}};
  if (read_json_fields(json, event) != JsonOutcome::read) return std::nullopt;

  EventHead head;
  head.type = std::move(event[0].text);
  if (event[1].kind == JsonField::Kind::integer) head.sequence_number = event[1].integer;
  for (JsonField* code : {&error[0], &response_error[0], &event[2]}) {
    if (head.error_code.empty()) head.error_code = std::move(code->text);
  }
  head.incomplete_reason = std::move(incomplete[0].text);
  return head;
}

}  // namespace responses_proxy
