// FieldReader: takes the members of a JSON object one by one, and notes everything that is wrong
// with them instead of stopping at the first.
//
// Errors     Each with the field it is about, "targets[1].weight" say. A member that is absent or
//            null leaves the value as it is.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"

namespace responses_proxy {

struct FieldError {
  std::string field;
  std::string message;  // "must be ..."
  friend bool operator==(const FieldError&, const FieldError&) = default;
};

class FieldReader {
 public:
  // What is wrong with a text, as the end of a sentence that starts with the field; "" = nothing.
  using Check = std::function<std::string(std::string_view)>;

  // `object` is one; `path` stands in front of the names in errors.
  FieldReader(const Json& object, std::vector<FieldError>& errors, std::string path = {})
      : object_(object), errors_(errors), path_(std::move(path)) {}

  // Null if it is absent or null.
  const Json* find(const char* name);
  bool has(const char* name) { return find(name) != nullptr; }
  bool is_null(const char* name) const;
  // Each says whether it has stored a value.
  bool text(const char* name, std::string& value, const Check& check = {});
  bool required_text(const char* name, std::string& value, const Check& check = {});
  bool flag(const char* name, bool& value);
  // > 0 and at most 1e6.
  bool weight(const char* name, double& value);
  bool count(const char* name, std::uint32_t& value, std::uint32_t most);
  bool object(const char* name, Json& value);

  void fail(std::string_view name, std::string message);
  std::string path_of(std::string_view name) const { return path_ + std::string(name); }
  // Members that nobody has asked for.
  std::vector<std::string> unknown() const;

 private:
  const Json& object_;
  std::vector<FieldError>& errors_;
  const std::string path_;
  std::set<std::string, std::less<>> known_;
};

// One of the words: a Check.
FieldReader::Check one_of(std::vector<std::string_view> words);

}  // namespace responses_proxy
