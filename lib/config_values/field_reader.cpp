#include "config_values/field_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace responses_proxy {

namespace {

constexpr double kMaxWeight = 1e6;

}  // namespace

const Json* FieldReader::find(const char* name) {
  known_.insert(name);
  const auto found = object_.find(name);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

bool FieldReader::is_null(const char* name) const {
  const auto found = object_.find(name);
  return found != object_.end() && found->is_null();
}

bool FieldReader::text(const char* name, std::string& value, const Check& check) {
  const Json* given = find(name);
  if (given == nullptr) return false;
  if (!given->is_string()) {
    fail(name, "must be a text");
    return false;
  }
  const auto& text = given->get_ref<const std::string&>();
  if (std::string problem = check ? check(text) : std::string(); !problem.empty()) {
    fail(name, std::move(problem));
    return false;
  }
  value = text;
  return true;
}

bool FieldReader::required_text(const char* name, std::string& value, const Check& check) {
  if (!has(name)) {
    fail(name, "is missing");
    return false;
  }
  return text(name, value, check);
}

bool FieldReader::flag(const char* name, bool& value) {
  const Json* given = find(name);
  if (given == nullptr) return false;
  if (!given->is_boolean()) {
    fail(name, "must be true or false");
    return false;
  }
  value = given->get<bool>();
  return true;
}

bool FieldReader::weight(const char* name, double& value) {
  const Json* given = find(name);
  if (given == nullptr) return false;
  const double weight = given->is_number() ? given->get<double>() : 0;
  if (!std::isfinite(weight) || weight <= 0 || weight > kMaxWeight) {
    fail(name, "must be a number above 0, at most 1000000");
    return false;
  }
  value = weight;
  return true;
}

bool FieldReader::count(const char* name, std::uint32_t& value, std::uint32_t most) {
  const Json* given = find(name);
  if (given == nullptr) return false;
  const bool fits = given->is_number_unsigned() && given->get<std::uint64_t>() <= most;
  if (!fits) {
    fail(name, fmt::format("must be a whole number from 0 to {}", most));
    return false;
  }
  value = given->get<std::uint32_t>();
  return true;
}

bool FieldReader::object(const char* name, Json& value) {
  const Json* given = find(name);
  if (given == nullptr) return false;
  if (!given->is_object()) {
    fail(name, "must be a JSON object");
    return false;
  }
  value = *given;
  return true;
}

void FieldReader::fail(std::string_view name, std::string message) {
  errors_.push_back({path_of(name), std::move(message)});
}

std::vector<std::string> FieldReader::unknown() const {
  std::vector<std::string> names;
  for (const auto& [name, value] : object_.items()) {
    if (!known_.contains(name)) names.push_back(path_of(name));
  }
  return names;
}

FieldReader::Check one_of(std::vector<std::string_view> words) {
  return [words = std::move(words)](std::string_view text) {
    if (std::find(words.begin(), words.end(), text) != words.end()) return std::string();
    return fmt::format("must be one of {}", fmt::join(words, ", "));
  };
}

}  // namespace responses_proxy
