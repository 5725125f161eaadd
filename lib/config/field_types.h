// The types a variable can have: each function completes a Field with its type, range, parser and
// printer. Only field_table.cpp uses them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/field_table.h"

namespace responses_proxy::config {

struct Range {
  std::int64_t low;
  std::int64_t high;
};

// Checks a value and turns it into the form that is stored; returns the problem.
using TextRule = std::string (*)(std::string_view value, std::string& stored);

Field boolean(Field field, bool Config::*member);
Field seconds(Field field, Millis Config::*member, Range millis);
Field milliseconds(Field field, Millis Config::*member, Range range);
Field text(Field field, std::string allowed, std::string Config::*member, TextRule rule);
Field credential(Field field, Secret Config::*member);
// Base64 of 32 bytes each.
Field encryption_keys(Field field, std::vector<Secret> Config::*member);
Field client_token_list(Field field, std::vector<ClientToken> Config::*member);
// Each item is checked, and stored, by the rule.
Field text_list(Field field, std::string allowed, std::vector<std::string> Config::*member,
                TextRule rule);
Field secret_url(Field field, std::string allowed, Secret Config::*member, TextRule rule);

// The two that the templates below stand on.
Field number(Field field, std::string type, Range range,
             std::function<void(Config&, std::int64_t)> set,
             std::function<std::int64_t(const Config&)> get);
Field words(Field field, std::vector<std::string> words,
            std::function<void(Config&, std::size_t)> set,
            std::function<std::string(const Config&)> show);

template <class Integer>
Field integer(Field field, Integer Config::*member, Range range, std::string type = "an integer") {
  return number(
      std::move(field), std::move(type), range,
      [member](Config& config, std::int64_t value) {
        config.*member = static_cast<Integer>(value);
      },
      [member](const Config& config) { return static_cast<std::int64_t>(config.*member); });
}

template <class Enum>
Field choice(Field field, std::vector<std::pair<std::string, Enum>> choices, Enum Config::*member) {
  std::vector<std::string> names;
  names.reserve(choices.size());
  for (const auto& choice : choices) names.push_back(choice.first);
  return words(
      std::move(field), std::move(names),
      [member, choices](Config& config, std::size_t index) {
        config.*member = choices[index].second;
      },
      [member, choices](const Config& config) {
        for (const auto& [name, value] : choices) {
          if (config.*member == value) return name;
        }
        return std::string();
      });
}

std::string host_rule(std::string_view value, std::string& stored);
std::string origin_rule(std::string_view value, std::string& stored);
std::string host_port_rule(std::string_view value, std::string& stored);
std::string base_url_rule(std::string_view value, std::string& stored);
std::string relative_path_rule(std::string_view value, std::string& stored);
std::string file_rule(std::string_view value, std::string& stored);
std::string identifier_rule(std::string_view value, std::string& stored);
std::string model_rule(std::string_view value, std::string& stored);  // any name
std::string redis_url_rule(std::string_view value, std::string& stored);

inline constexpr std::string_view kIdentifierAllowed =
    "1 to 128 characters of A-Z, a-z, 0-9 and . _ : / -";
inline constexpr std::string_view kCredentialAllowed =
    "up to 4096 printable ASCII characters without blanks and commas";
inline constexpr std::string_view kCredentialListAllowed =
    "a comma-separated list, each item up to 4096 printable ASCII characters without blanks";
inline constexpr std::string_view kEncryptionKeysAllowed =
    "base64 or base64url of 32 bytes, or a comma-separated list of such";
inline constexpr std::string_view kClientTokenListAllowed =
    "a comma-separated list of tokens or name:token, each up to 4096 printable ASCII characters "
    "without blanks, names 1 to 64 of A-Z, a-z, 0-9 and . _ -";

// "" = it can be sent in a header.
std::string credential_problem(std::string_view value);
// A trailing comma does no harm; a list without any item is a problem.
std::string read_credentials(std::string_view value, std::vector<Secret>& items);

}  // namespace responses_proxy::config
