#include "dialects/responses/request_body.h"

#include "core/input_items.h"
#include "core/json.h"
#include "core/json_members.h"

namespace responses_proxy {

std::string with_model(std::string_view body, std::string_view model) {
  std::string text(body);
  const auto members = read_members(text);
  if (!members) return text;
  return with_value(text, *members, "model", dump(Json(model)));
}

std::string with_history(std::string_view body, std::string_view history) {
  std::string text(body);
  const auto members = read_members(text);
  if (!members) return text;
  JsonEdit edit(*members);
  put_history(edit, *members, history);
  return edit.joined();
}

}  // namespace responses_proxy
