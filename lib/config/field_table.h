// The field table: every variable once. Parsing, errors, the effective configuration and
// docs/configuration.md all come from it, so they cannot disagree.
//
// Role       One Field per variable, in the order of the documentation. Where the order decides
//            (API keys, database URLs), it is the order of precedence too.
// Ownership  Built by field_table(); immutable.
// Errors     A problem is the end of a sentence that starts with the value ("is not an integer");
//            "" = stored.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "responses_proxy/config.h"

namespace responses_proxy::config {

// OPENAI_API_KEY_1 to _256 are read: an environment can be asked for names, but not listed.
inline constexpr std::size_t kMaxNumberedKeys = 256;
inline constexpr std::string_view kDefaultDatabaseUrl = "sqlite:///./data/proxy.sqlite3";
inline constexpr std::string_view kDefaultPool = "openai-default";

// What the fields fill: the Config, and what only becomes part of it once all of them are known.
struct Draft {
  Config config;
  std::vector<Secret> keys;  // without duplicates, in order of precedence
  std::vector<std::string> names;
  std::string pool_id{kDefaultPool};
  std::vector<std::string> pool_ids;
  std::vector<double> weights;
  std::string database_variable;  // the one that was set first
  std::vector<std::string> warnings;
};

struct Group {
  std::string_view title;
  std::string_view note;  // stands above the group's table
};

enum class Secrecy {
  open,
  url,         // shown without its password
  credential,  // shown as Secret::masked()
};

struct Field {
  std::string name;  // "PROXY_PORT"; "OPENAI_API_KEY_<N>" stands for all numbers
  const Group* group = nullptr;
  std::string default_text;  // "" = unset
  std::string description;
  Secrecy secrecy = Secrecy::open;
  std::string type;     // with the unit: "an integer", "a number of seconds"
  std::string allowed;  // type and range: "an integer from 0 to 65535"
  std::function<std::string(Draft&, std::string_view)> store;
  // The effective value, safe to print; absent where it shows up under another name.
  std::function<std::string(const Config&)> show;

  // The variables that are read: one, but for a numbered field.
  std::vector<std::string> variables() const;
};

std::vector<Field> field_table();

}  // namespace responses_proxy::config
