#include "responses_proxy/headers.h"

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <utility>

namespace responses_proxy {

namespace {

// Of a message that nobody has reserved room for.
constexpr std::size_t kFewFields = 8;
constexpr std::size_t kFewBytes = 256;

static_assert(std::is_sorted(kFieldNames.begin(), kFieldNames.end(),
                             [](std::string_view a, std::string_view b) {
                               return a.size() < b.size();
                             }),
              "a look-up compares the names of one length");

bool is_part_of(std::string_view part, std::string_view whole) {
  const std::less_equal<const char*> at_most;
  return !part.empty() && at_most(whole.data(), part.data()) &&
         at_most(part.data() + part.size(), whole.data() + whole.size());
}

}  // namespace

Headers::Headers(std::initializer_list<Header> fields) {
  std::size_t bytes = 0;
  for (const Header& field : fields) bytes += field.name.size() + field.value.size();
  reserve(fields.size(), bytes);
  for (const Header& field : fields) add(field);
}

void Headers::reserve(std::size_t fields, std::size_t bytes) {
  fields_.reserve(fields);
  text_.reserve(bytes);
}

void Headers::add(const Header& field) {
  if (is_part_of(field.name, text_) || is_part_of(field.value, text_)) {
    const std::string name(field.name);  // what it views may move while it is appended
    const std::string value(field.value);
    return add({name, value, field.id});
  }
  const std::size_t bytes = field.name.size() + field.value.size();
  if (bytes > kMaxBytes - text_.size()) throw std::length_error("Headers: too many bytes");
  if (fields_.capacity() == 0) reserve(kFewFields, std::max(kFewBytes, bytes));
  fields_.push_back({static_cast<std::uint32_t>(text_.size()),
                     static_cast<std::uint32_t>(field.name.size()),
                     static_cast<std::uint32_t>(field.value.size()), field.id});
  text_.append(field.name).append(field.value);
}

void Headers::set(std::string_view name, std::string_view value) {
  if (is_part_of(name, text_) || is_part_of(value, text_)) {
    return set(std::string(name), std::string(value));
  }
  erase(name);
  add(name, value);
}

void Headers::erase(const FieldName& name) {
  if (std::erase_if(fields_, [&](const Field& field) { return is(field, name); }) > 0) pack();
}

// Leaves no bytes of what was erased behind.
void Headers::pack() {
  std::size_t end = 0;
  for (Field& field : fields_) {
    const std::size_t size = std::size_t{field.name_size} + field.value_size;
    std::copy_n(text_.begin() + field.at, size, text_.begin() + static_cast<std::ptrdiff_t>(end));
    field.at = static_cast<std::uint32_t>(end);
    end += size;
  }
  text_.resize(end);
}

std::optional<std::string_view> Headers::find(const FieldName& name) const {
  for (const Field& field : fields_) {
    if (is(field, name)) return view(field).value;
  }
  return std::nullopt;
}

std::string Headers::list(const FieldName& name) const {
  std::string values;
  for (const Field& field : fields_) {
    if (!is(field, name) || field.value_size == 0) continue;
    if (!values.empty()) values.append(", ");
    values.append(view(field).value);
  }
  return values;
}

}  // namespace responses_proxy
