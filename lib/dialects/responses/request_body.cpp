#include "dialects/responses/request_body.h"

#include "core/json.h"
#include "core/json_members.h"

namespace responses_proxy {

std::string with_model(std::string_view body, std::string_view model) {
  std::string text(body);
  const auto members = read_members(text);
  if (!members) return text;
  const std::string value = dump(Json(model));
  const std::string_view old = member(*members, "model");
  if (!old.empty()) {
    const auto at = static_cast<std::size_t>(old.data() - text.data());
    const std::size_t size = old.size();
    text.replace(at, size, value);
    return text;
  }
  const std::size_t end = text.rfind('}');
  return text.insert(end, (members->empty() ? "" : ",") + ("\"model\":" + value));
}

}  // namespace responses_proxy
