#include "responses_proxy/request.h"

#include <algorithm>

#include "core/ascii_case.h"

namespace responses_proxy {

bool equals_ignore_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return ascii_lower(x) == ascii_lower(y); });
}

void Headers::set(std::string_view name, std::string value) {
  erase(name);
  add(std::string(name), std::move(value));
}

void Headers::erase(std::string_view name) {
  std::erase_if(fields_,
                [name](const Header& field) { return equals_ignore_case(field.name, name); });
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const Header& field : fields_) {
    if (equals_ignore_case(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::string Headers::list(std::string_view name) const {
  std::string values;
  for (const Header& field : fields_) {
    if (!equals_ignore_case(field.name, name) || field.value.empty()) continue;
    if (!values.empty()) values.append(", ");
    values.append(field.value);
  }
  return values;
}

}  // namespace responses_proxy
