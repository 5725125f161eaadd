#include "registry/credential_ref.h"

#include <fmt/format.h>

#include <string_view>

#include "config_values/value_parser.h"
#include "core/file_stamp.h"

namespace responses_proxy {

namespace {

constexpr std::size_t kMaxFile = config::kMaxTextLength + 2;  // and a line break

// What was read, if it can stand in a header.
ReferredKey key_of(std::string_view text, std::string_view what, std::string file = {}) {
  const std::string_view key = config::trim(text);
  if (!config::is_token(key)) {
    return {
        {},
        fmt::format("{} holds no key: printable ASCII characters without blanks and commas", what),
        std::move(file)};
  }
  return {Secret(std::string(key)), {}, std::move(file)};
}

}  // namespace

ReferredKey resolve_reference(const std::string& reference, const Variable& variable) {
  const std::size_t colon = reference.find(':');
  const std::string name = reference.substr(colon + 1);
  if (reference.starts_with("env:")) {
    const auto value = variable ? variable(name) : std::nullopt;
    if (!value) return {{}, fmt::format("the variable {} is not set", name), {}};
    return key_of(*value, "the variable " + name);
  }
  std::string problem;
  const auto text = read_file(name, kMaxFile, problem);
  if (!text) return {{}, fmt::format("the file {} cannot be read: {}", name, problem), name};
  std::string_view line = *text;
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  return key_of(line, "the file " + name, name);
}

}  // namespace responses_proxy
