#include "config/config_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "config_values/url.h"
#include "config_values/value_parser.h"

namespace responses_proxy::config {
namespace {

constexpr std::size_t kMaxShownValue = 200;

constexpr std::string_view kIntroduction =
    R"(<!-- Made from lib/config/field_table.cpp: RP_UPDATE_DOCS=1 unit_config writes it anew. -->
# Configuration

Everything is set with environment variables, read once at start.

* **Where to put them**: in the shell, in a service unit (`EnvironmentFile=`) or in a file for
  `docker run --env-file`. `rp-server` reads no configuration file of its own. A change takes effect
  with the next start. `--host` and `--port` on the command line come before `PROXY_HOST` and
  `PROXY_PORT`.
* **Values**: blanks around a value are dropped, and an empty value counts as unset. Booleans and
  words may be written in any case; durations in seconds may have decimals (`0.5`), those in
  milliseconds and sizes in bytes may not.
* **Errors**: a value that is not allowed stops the start. All errors are reported at once, each with
  the variable, its value and what is allowed. Control characters are never allowed.
* **Secrets** are shown by their last four characters at most, passwords in URLs as `***`.
* **Typing errors**: a variable that starts with `PROXY_`, `OPENAI_API_KEY` or `OPENAI_RESOURCE_` but
  is not listed here gets a warning, with the nearest name if there is one.

`rp-server check-config` checks the environment and prints the effective configuration.
)";

std::string printable(std::string_view value) {
  std::string text;
  for (const char c : value.substr(0, kMaxShownValue)) {
    const auto byte = static_cast<unsigned char>(c);
    text += byte < 0x20 || byte >= 0x7f ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
  }
  return value.size() > kMaxShownValue ? text + "..." : text;
}

std::string table_row(const Field& field) {
  std::string description = field.description;
  if (field.secrecy == Secrecy::credential) description += " Secret.";
  const std::string default_text =
      field.default_text.empty() ? "unset" : "`" + field.default_text + "`";
  return fmt::format("| `{}` | {} | {} | {} |\n", field.name, default_text, field.allowed,
                     description);
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, replaced}));
    }
  }
  return row[b.size()];
}

bool looks_like_ours(std::string_view name) {
  return name.starts_with("PROXY_") || name.starts_with("OPENAI_API_KEY") ||
         name.starts_with("OPENAI_RESOURCE_");
}

// The known name that a few wrong letters make into this one; "" if none is near.
std::string nearest(std::string_view name, const std::vector<std::string>& known) {
  if (name.size() > kMaxShownValue) return {};
  std::string best;
  std::size_t best_distance = name.size() / 4 + 1;
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace

std::string describe_config(const Config& config) {
  std::vector<std::pair<std::string, std::string>> lines;
  for (const Field& field : field_table()) {
    if (!field.show) continue;
    const std::string value = field.show(config);
    lines.emplace_back(field.name, value.empty() ? "(unset)" : value);
  }
  for (const Resource& resource : config.resources) {
    lines.emplace_back(resource.name, fmt::format("id {}, pool {}, weight {}, key {}", resource.id,
                                                  resource.pool_id, resource.weight,
                                                  resource.credential.masked()));
  }
  if (config.resources.empty()) lines.emplace_back("resources", "(none: no API key is set)");
  std::size_t width = 0;
  for (const auto& line : lines) width = std::max(width, line.first.size());
  std::string text;
  for (const auto& [name, value] : lines) text += fmt::format("{:<{}} = {}\n", name, width, value);
  return text;
}

std::string configuration_markdown() {
  std::string text(kIntroduction);
  const Group* group = nullptr;
  for (const Field& field : field_table()) {
    if (std::exchange(group, field.group) != field.group) {
      text += fmt::format("\n## {}\n\n", group->title);
      if (!group->note.empty()) text += fmt::format("{}\n\n", group->note);
      text += "| Variable | Default | Value | Purpose |\n|---|---|---|---|\n";
    }
    text += table_row(field);
  }
  return text;
}

std::vector<std::string> unknown_variable_warnings(const char* const* entries) {
  std::vector<std::string> known;
  for (const Field& field : field_table()) {
    for (std::string& name : field.variables()) known.push_back(std::move(name));
  }
  std::vector<std::string> warnings;
  for (; *entries != nullptr; ++entries) {
    const std::string_view entry = *entries;
    const std::string_view name = entry.substr(0, entry.find('='));
    if (!looks_like_ours(name) || std::find(known.begin(), known.end(), name) != known.end()) {
      continue;
    }
    const std::string meant = nearest(name, known);
    warnings.push_back(fmt::format("{} is not a known variable and has no effect{}",
                                   printable(name), meant.empty() ? "" : "; nearest: " + meant));
  }
  return warnings;
}

std::string shown_value(const Field& field, std::string_view value) {
  if (field.secrecy == Secrecy::credential) return Secret(std::string(value)).masked();
  // A base URL is no secret, but it is refused for the credentials in it.
  const bool url = field.secrecy == Secrecy::url || value.find("://") != std::string_view::npos;
  return url ? mask_url(value) : std::string(value);
}

ConfigError value_error(const Field& field, const std::string& variable, std::string_view value,
                        std::string_view problem) {
  return {variable, fmt::format("{}: \"{}\" {}; allowed: {}", variable,
                                printable(shown_value(field, value)), problem, field.allowed)};
}

}  // namespace responses_proxy::config
