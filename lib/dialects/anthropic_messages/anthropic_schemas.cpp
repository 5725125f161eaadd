#include "dialects/anthropic_messages/anthropic_schemas.h"

#include <algorithm>
#include <array>
#include <unordered_set>
#include <vector>

#include "core/json_reader.h"
#include "core/json_text.h"

namespace responses_proxy {

namespace {

using simdjson::dom::element;

constexpr std::string_view kNoParameters = R"({"type":"object","properties":{}})";
constexpr std::array<std::string_view, 3> kCombined = {"allOf", "anyOf", "oneOf"};

template <std::size_t N>
bool among(std::string_view word, const std::array<std::string_view, N>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_one_object(simdjson::dom::object schema) {
  bool object = false;
  for (const auto [key, value] : schema) {
    if (among(key, kCombined)) return false;
    std::string_view type;
    if (key == "type") object = value.get(type) == simdjson::SUCCESS && type == "object";
  }
  return object;
}

// One object out of a root and its branches.
class Merged {
 public:
  explicit Merged(element root) : root_(root) { properties_.begin_object(); }

  std::string json() {
    take(root_, true);
    JsonText out;
    out.begin_object().put("type", "object");
    out.put_raw("properties", properties_.end_object().str());
    if (!required_.empty()) {
      out.key("required").begin_array();
      for (const std::string_view name : required_) out.text(name);
      out.end_array();
    }
    simdjson::dom::object members;
    if (root_.get(members) != simdjson::SUCCESS) return out.end_object().take();
    for (const auto [key, value] : members) {
      const bool written =
          key == "type" || key == "properties" || key == "required" || key == "$ref";
      if (!written && !among(key, kCombined)) out.put_raw(key, simdjson::minify(value));
    }
    return out.end_object().take();
  }

 private:
  // `all`: it holds in any case, and so does what it requires.
  void take(element schema, bool all) {
    if (++branches_ > kMaxBranches) return;
    schema = resolved(schema);
    simdjson::dom::object properties;
    if (schema["properties"].get(properties) == simdjson::SUCCESS) {
      for (const auto [name, value] : properties) {
        if (known_.insert(name).second) properties_.put_raw(name, simdjson::minify(value));
      }
    }
    simdjson::dom::array required;
    if (all && schema["required"].get(required) == simdjson::SUCCESS) {
      for (const element name : required) require(name);
    }
    for (const std::string_view key : kCombined) {
      simdjson::dom::array branches;
      if (schema[key].get(branches) != simdjson::SUCCESS) continue;
      for (const element branch : branches) take(branch, all && key == "allOf");
    }
  }

  void require(element name) {
    std::string_view text;
    if (name.get(text) != simdjson::SUCCESS) return;
    const bool known = std::find(required_.begin(), required_.end(), text) != required_.end();
    if (!known) required_.push_back(text);
  }

  element resolved(element schema) const {
    const std::string_view reference = string_at(schema, "$ref");
    element found;
    if (!reference.starts_with("#/")) return schema;
    return root_.at_pointer(reference.substr(1)).get(found) == simdjson::SUCCESS ? found : schema;
  }

  element root_;
  JsonText properties_;
  std::unordered_set<std::string_view> known_;
  std::vector<std::string_view> required_;
  std::size_t branches_ = 0;
};

bool is_known_format(element value) {
  constexpr std::array<std::string_view, 10> kFormats = {
      "date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"};
  std::string_view format;
  return value.get(format) == simdjson::SUCCESS && among(format, kFormats);
}

bool stays(std::string_view key, element value) {
  constexpr std::array<std::string_view, 7> kKeywords = {"type", "enum",     "const", "default",
                                                         "$ref", "required", "title"};
  std::int64_t least = 0;
  if (key == "minItems") return value.get(least) == simdjson::SUCCESS && least <= 1;
  return among(key, kKeywords) || (key == "format" && is_known_format(value));
}

class Narrowing {
 public:
  void put(element schema) {
    simdjson::dom::object members;
    if (depth_ == kMaxDepth || schema.get(members) != simdjson::SUCCESS) {
      out_.raw(simdjson::minify(schema));
      return;
    }
    ++depth_;
    out_.begin_object();
    std::string description(string_at(schema, "description"));
    std::string told;
    for (const auto [key, value] : members) {
      if (key == "description" || key == "additionalProperties" || put_member(key, value)) continue;
      if (key == "$schema" || key == "$id") continue;
      told.append(told.empty() ? "" : ", ").append(key).append(": ").append(minified(value));
    }
    if (!told.empty()) description.append(description.empty() ? "(" : " (").append(told + ")");
    if (!description.empty()) out_.put("description", description);
    if (is_object(schema)) out_.put_boolean("additionalProperties", false);
    out_.end_object();
    --depth_;
  }
  std::string take() { return out_.take(); }

 private:
  static std::string minified(element value) { return std::string(simdjson::minify(value)); }

  static bool is_object(element schema) {
    element properties;
    return string_at(schema, "type") == "object" ||
           schema["properties"].get(properties) == simdjson::SUCCESS;
  }

  // false: it is not known there.
  bool put_member(std::string_view key, element value) {
    simdjson::dom::object schemas;
    simdjson::dom::array list;
    const bool by_name = key == "properties" || key == "$defs" || key == "definitions";
    if (by_name && value.get(schemas) == simdjson::SUCCESS) {
      out_.key(key).begin_object();
      for (const auto [name, schema] : schemas) {
        out_.key(name);
        put(schema);
      }
      out_.end_object();
    } else if (among(key, kCombined) && value.get(list) == simdjson::SUCCESS) {
      out_.key(key == "oneOf" ? "anyOf" : key).begin_array();
      for (const element schema : list) put(schema);
      out_.end_array();
    } else if (key == "items" && value.is_object()) {
      out_.key(key);
      put(value);
    } else if (stays(key, value)) {
      out_.put_raw(key, simdjson::minify(value));
    } else {
      return false;
    }
    return true;
  }

  JsonText out_;
  std::size_t depth_ = 0;
};

}  // namespace

std::string object_schema(std::string_view parameters) {
  std::string schema(kNoParameters);
  if (parameters.empty()) return schema;
  read_any_json(parameters, [&](element root) {
    simdjson::dom::object members;
    if (root.get(members) != simdjson::SUCCESS) return;
    schema = is_one_object(members) ? std::string(parameters) : Merged(root).json();
  });
  return schema;
}

std::string narrowed_schema(element schema) {
  Narrowing narrowing;
  narrowing.put(schema);
  return narrowing.take();
}

}  // namespace responses_proxy
