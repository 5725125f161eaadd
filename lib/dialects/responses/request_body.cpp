#include "dialects/responses/request_body.h"

#include "core/input_items.h"
#include "core/json.h"
#include "core/json_members.h"

namespace responses_proxy {

std::string changed_body(std::string_view body, std::optional<std::string_view> history,
                         std::string_view model) {
  const auto members = read_members(body);
  if (!members) return std::string(body);
  if (!history) return with_value(body, *members, "model", dump(Json(model)));
  JsonEdit edit(*members);
  put_history(edit, *members, {*history});
  if (!model.empty()) edit.put("model", dump(Json(model)));
  return edit.joined();
}

}  // namespace responses_proxy
