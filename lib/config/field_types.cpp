#include "config/field_types.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "config/client_tokens.h"
#include "config/store_urls.h"
#include "config_values/url.h"
#include "config_values/value_parser.h"
#include "core/ascii_case.h"
#include "core/base64.h"
#include "core/browser_guard.h"

namespace responses_proxy::config {
namespace {

using Parser = std::optional<std::int64_t> (*)(std::string_view);

std::string store_number(std::string_view value, const std::string& type, Parser parse,
                         const Range& range, std::int64_t& number) {
  const auto parsed = parse(value);
  if (!parsed && has_unit(value)) return "has a unit: write the number alone, as " + type;
  if (!parsed) return "is not " + type;
  if (*parsed < range.low || *parsed > range.high) return "is out of range";
  number = *parsed;
  return {};
}

std::string masked_list(const std::vector<ClientToken>& tokens) {
  std::string shown;
  for (const ClientToken& token : tokens) {
    if (!shown.empty()) shown += ", ";
    shown += token.name + ":" + token.secret.masked();
  }
  return shown;
}

}  // namespace

Field boolean(Field field, bool Config::*member) {
  field.type = "a boolean";
  field.allowed = "true, false, yes, no, on, off, 1 or 0";
  field.store = [member](Draft& draft, std::string_view value) -> std::string {
    const auto parsed = parse_boolean(value);
    if (!parsed) return "is not a boolean";
    draft.config.*member = *parsed;
    return {};
  };
  field.show = [member](const Config& config) { return config.*member ? "true" : "false"; };
  return field;
}

Field number(Field field, std::string type, Range range,
             std::function<void(Config&, std::int64_t)> set,
             std::function<std::int64_t(const Config&)> get) {
  field.type = std::move(type);
  field.allowed = fmt::format("{} from {} to {}", field.type, range.low, range.high);
  field.store = [set = std::move(set), range, type = field.type](Draft& draft,
                                                                 std::string_view value) {
    std::int64_t number = 0;
    std::string problem = store_number(value, type, parse_integer, range, number);
    if (problem.empty()) set(draft.config, number);
    return problem;
  };
  field.show = [get = std::move(get)](const Config& config) { return std::to_string(get(config)); };
  return field;
}

Field milliseconds(Field field, Millis Config::*member, Range range) {
  return number(
      std::move(field), "an integer number of milliseconds", range,
      [member](Config& config, std::int64_t value) { config.*member = Millis(value); },
      [member](const Config& config) { return (config.*member).count(); });
}

Field seconds(Field field, Millis Config::*member, Range millis) {
  field.type = "a number of seconds";
  field.allowed = fmt::format("{} from {} to {}", field.type, format_seconds(millis.low),
                              format_seconds(millis.high));
  field.store = [member, millis, type = field.type](Draft& draft, std::string_view value) {
    std::int64_t number = 0;
    std::string problem = store_number(value, type, parse_seconds, millis, number);
    if (problem.empty()) draft.config.*member = Millis(number);
    return problem;
  };
  field.show = [member](const Config& config) { return format_seconds((config.*member).count()); };
  return field;
}

Field text(Field field, std::string allowed, std::string Config::*member, TextRule rule) {
  field.type = "text";
  field.allowed = std::move(allowed);
  field.store = [member, rule](Draft& draft, std::string_view value) {
    std::string stored(value);
    std::string problem = rule(value, stored);
    if (problem.empty()) draft.config.*member = std::move(stored);
    return problem;
  };
  field.show = [member](const Config& config) { return config.*member; };
  return field;
}

Field words(Field field, std::vector<std::string> words,
            std::function<void(Config&, std::size_t)> set,
            std::function<std::string(const Config&)> show) {
  field.type = "a word";
  field.allowed = fmt::format("one of {}", fmt::join(words, ", "));
  field.store = [words = std::move(words), set = std::move(set)](
                    Draft& draft, std::string_view value) -> std::string {
    const auto found = std::find(words.begin(), words.end(), ascii_lower(value));
    if (found == words.end()) return "is not one of the words";
    set(draft.config, static_cast<std::size_t>(found - words.begin()));
    return {};
  };
  field.show = std::move(show);
  return field;
}

Field credential(Field field, Secret Config::*member) {
  field.type = "a secret";
  field.allowed = kCredentialAllowed;
  field.secrecy = Secrecy::credential;
  field.store = [member](Draft& draft, std::string_view value) -> std::string {
    std::string problem = credential_problem(value);
    if (problem.empty()) draft.config.*member = Secret(std::string(value));
    return problem;
  };
  field.show = [member](const Config& config) { return (config.*member).masked(); };
  return field;
}

Field encryption_keys(Field field, std::vector<Secret> Config::*member) {
  field.type = "a list of secrets";
  field.allowed = kEncryptionKeysAllowed;
  field.secrecy = Secrecy::credential;
  field.store = [member](Draft& draft, std::string_view value) {
    constexpr std::size_t kBytes = 32;  // of AES-256
    std::vector<Secret> keys;
    std::string problem = read_credentials(value, keys);
    if (!problem.empty()) return problem;
    for (const Secret& key : keys) {
      const auto bytes = base64_decoded(key.reveal());
      if (!bytes || bytes->size() != kBytes) return std::string("is not base64 of 32 bytes");
    }
    draft.config.*member = std::move(keys);
    return std::string();
  };
  field.show = [member](const Config& config) {
    std::vector<std::string> masked;
    for (const Secret& key : config.*member) masked.push_back(key.masked());
    return fmt::format("{}", fmt::join(masked, ", "));
  };
  return field;
}

Field client_token_list(Field field, std::vector<ClientToken> Config::*member) {
  field.type = "a list of secrets";
  field.allowed = kClientTokenListAllowed;
  field.secrecy = Secrecy::credential;
  field.store = [member](Draft& draft, std::string_view value) {
    std::vector<ClientToken> tokens;
    std::string problem = read_client_tokens(value, tokens);
    if (problem.empty()) draft.config.*member = std::move(tokens);
    return problem;
  };
  field.show = [member](const Config& config) { return masked_list(config.*member); };
  return field;
}

Field text_list(Field field, std::string allowed, std::vector<std::string> Config::*member,
                TextRule rule) {
  field.type = "a list";
  field.allowed = std::move(allowed);
  field.store = [member, rule](Draft& draft, std::string_view value) {
    std::vector<std::string> items;
    for (const std::string_view item : split_list(value)) {
      if (item.empty()) continue;
      std::string& stored = items.emplace_back(item);
      std::string problem = rule(item, stored);
      if (!problem.empty()) return fmt::format("has \"{}\", which {}", item, problem);
    }
    if (items.empty()) return std::string("has no items");
    draft.config.*member = std::move(items);
    return std::string();
  };
  field.show = [member](const Config& config) {
    return fmt::format("{}", fmt::join(config.*member, ", "));
  };
  return field;
}

Field secret_url(Field field, std::string allowed, Secret Config::*member, TextRule rule) {
  field.type = "a URL";
  field.allowed = std::move(allowed);
  field.secrecy = Secrecy::url;
  field.store = [member, rule](Draft& draft, std::string_view value) {
    std::string stored(value);
    std::string problem = rule(value, stored);
    if (problem.empty()) draft.config.*member = Secret(std::move(stored));
    return problem;
  };
  field.show = [member](const Config& config) { return mask_url((config.*member).reveal()); };
  return field;
}

std::string credential_problem(std::string_view value) {
  if (value.find_first_of(" \t") != std::string_view::npos) return "has a blank in it";
  return is_token(value) ? "" : "cannot be sent in a header";
}

std::string read_credentials(std::string_view value, std::vector<Secret>& items) {
  for (const std::string_view item : split_list(value)) {
    if (item.empty()) continue;
    std::string problem = copying_problem(item);
    if (problem.empty()) problem = credential_problem(item);
    if (!problem.empty()) return "has an item that " + problem;
    items.emplace_back(std::string(item));
  }
  return items.empty() ? "has no item" : "";
}

std::string host_rule(std::string_view value, std::string&) {
  return is_host(value) ? "" : "is not an IP address or a host name";
}

std::string origin_rule(std::string_view value, std::string& stored) {
  const auto origin = normal_origin(value);
  if (!origin) return "is not an origin";
  stored = *origin;
  return {};
}

std::string host_port_rule(std::string_view value, std::string&) {
  return parse_host_port(value) ? "" : "is not an address with a port";
}

std::string base_url_rule(std::string_view value, std::string& stored) {
  while (stored.ends_with('/')) stored.pop_back();
  return base_url_problem(value);
}

std::string relative_path_rule(std::string_view value, std::string& stored) {
  stored.erase(0, stored.find_first_not_of('/'));
  if (stored.empty()) return "is no path";
  if (value.find("://") != std::string_view::npos) return "is a URL of its own";
  if (!is_token(value) || value.find('#') != std::string_view::npos) return "is not a URL path";
  if (value.find("..") != std::string_view::npos) return "leads out of the base URL";
  return {};
}

std::string file_rule(std::string_view value, std::string&) {
  return value.size() <= kMaxTextLength ? "" : "is too long";
}

std::string identifier_rule(std::string_view value, std::string&) {
  return is_identifier(value) ? "" : "is not a valid name";
}

std::string model_rule(std::string_view, std::string&) {
  return "";
}

std::string redis_url_rule(std::string_view value, std::string&) {
  return redis_url_problem(value);
}

}  // namespace responses_proxy::config
