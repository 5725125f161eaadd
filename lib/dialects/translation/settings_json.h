// Members of a dialect's settings, out of JSON. What is not there, or of another type, leaves what
// was said before.
//
// Ownership  Pure functions.
#pragma once

#include <simdjson.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json_reader.h"

namespace responses_proxy {

// Calls read(element) with the object in `json`; not if there is none.
template <class Read>
void read_settings_json(std::string_view json, Read&& read) {
  if (json.empty() || json == "{}") return;
  read_json(json, [&](simdjson::dom::element root) {
    if (root.is_object()) read(root);
  });
}

inline void read_text(simdjson::dom::element object, std::string_view key, std::string& into) {
  std::string_view text;
  if (object[key].get(text) == simdjson::SUCCESS) into = text;
}

inline void read_flag(simdjson::dom::element object, std::string_view key, bool& into) {
  bool flag = false;
  if (object[key].get(flag) == simdjson::SUCCESS) into = flag;
}

inline void read_list(simdjson::dom::element object, std::string_view key,
                      std::vector<std::string>& into) {
  simdjson::dom::array array;
  if (object[key].get(array) != simdjson::SUCCESS) return;
  into.clear();
  for (const simdjson::dom::element one : array) {
    std::string_view text;
    if (one.get(text) == simdjson::SUCCESS) into.emplace_back(text);
  }
}

// As JSON.
inline void read_object(simdjson::dom::element object, std::string_view key, std::string& into) {
  simdjson::dom::element found;
  if (object[key].get(found) != simdjson::SUCCESS || !found.is_object()) return;
  into = simdjson::minify(found);
}

// What an alias says of its model, in the words of catalogs; nullopt: nothing.
inline std::optional<bool> takes_input(simdjson::dom::element object, std::string_view what) {
  std::vector<std::string> modalities;
  read_list(object, "input_modalities", modalities);
  if (modalities.empty()) return std::nullopt;
  return std::find(modalities.begin(), modalities.end(), what) != modalities.end();
}

// The text at `key` of a JSON object; "" if there is none.
inline std::string setting_named(std::string_view key, std::string_view json) {
  std::string text;
  read_settings_json(json, [&](simdjson::dom::element root) { read_text(root, key, text); });
  return text;
}

}  // namespace responses_proxy
