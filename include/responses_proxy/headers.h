// Headers: the fields of an HTTP message, in one buffer.
//
// Role       Names and values stand one behind the other in one string; a field is a view of it.
//            The fields that something in here asks for have an id, found once when the field is
//            added: looking one up compares numbers, and a literal's own id is known when it is
//            compiled.
// Ownership  Owns its bytes. What it hands out is valid until the next change.
// Errors     add() and set() throw std::length_error beyond kMaxBytes; hosts bound heads long
//            before.
// Cost       Two allocations for a whole head (see reserve()), 16 bytes per field beside its text.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "responses_proxy/export.h"

namespace RP_PUBLIC responses_proxy {

constexpr char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// ASCII case-insensitive, as field names are (RFC 9110 section 5.1).
constexpr bool equals_ignore_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (ascii_lower(a[i]) != ascii_lower(b[i])) return false;
  }
  return true;
}

// The fields with an id, shortest name first: a look-up compares those of one length only. One more
// is a line in both lists, in its place.
enum class FieldId : std::uint8_t {
  te,
  date,
  host,
  allow,
  accept,
  cookie,
  expect,
  origin,
  alt_svc,
  api_key,
  trailer,
  upgrade,
  x_api_key,
  x_pool_id,
  connection,
  keep_alive,
  session_id,
  session_id_underscored,
  set_cookie,
  retry_after,
  content_type,
  x_request_id,
  authorization,
  content_length,
  retry_after_ms,
  x_goog_api_key,
  x_should_retry,
  accept_encoding,
  x_proxy_pool_id,
  content_encoding,
  proxy_connection,
  transfer_encoding,
  x_forwarded_proto,
  proxy_authenticate,
  x_proxy_session_id,
  proxy_authorization,
  x_proxy_session_name,
  strict_transport_security,
  other,
};
inline constexpr std::size_t kFieldIds = static_cast<std::size_t>(FieldId::other);
inline constexpr std::array<std::string_view, kFieldIds> kFieldNames = {
    "te",
    "date",
    "host",
    "allow",
    "accept",
    "cookie",
    "expect",
    "origin",
    "alt-svc",
    "api-key",
    "trailer",
    "upgrade",
    "x-api-key",
    "x-pool-id",
    "connection",
    "keep-alive",
    "session-id",
    "session_id",
    "set-cookie",
    "retry-after",
    "content-type",
    "x-request-id",
    "authorization",
    "content-length",
    "retry-after-ms",
    "x-goog-api-key",
    "x-should-retry",
    "accept-encoding",
    "x-proxy-pool-id",
    "content-encoding",
    "proxy-connection",
    "transfer-encoding",
    "x-forwarded-proto",
    "proxy-authenticate",
    "x-proxy-session-id",
    "proxy-authorization",
    "x-proxy-session-name",
    "strict-transport-security",
};

// Where the names of each length begin among kFieldNames.
inline constexpr auto kFirstOfLength = [] {
  std::array<std::uint8_t, kFieldNames.back().size() + 2> first{};
  for (std::size_t length = 0; length < first.size(); ++length) {
    std::size_t shorter = 0;
    while (shorter < kFieldIds && kFieldNames[shorter].size() < length) ++shorter;
    first[length] = static_cast<std::uint8_t>(shorter);
  }
  return first;
}();

constexpr FieldId field_id(std::string_view name) {
  if (name.size() + 1 >= kFirstOfLength.size()) return FieldId::other;
  for (std::size_t i = kFirstOfLength[name.size()]; i < kFirstOfLength[name.size() + 1]; ++i) {
    if (equals_ignore_case(name, kFieldNames[i])) return static_cast<FieldId>(i);
  }
  return FieldId::other;
}

// The name of a field that is asked for. Made of any text; of a literal at compile time.
class FieldName {
 public:
  template <std::size_t N>
  consteval FieldName(const char (&literal)[N])  // NOLINT: implicit by design
      : text_(literal, N - 1), id_(field_id(text_)) {}
  template <class Text>
  requires(std::convertible_to<const Text&, std::string_view> &&
           !std::is_array_v<Text>) constexpr FieldName(const Text& text)  // NOLINT: same
      : text_(text), id_(field_id(text_)) {}

  constexpr FieldName(FieldId id)  // NOLINT: same; not FieldId::other
      : text_(kFieldNames[static_cast<std::size_t>(id)]), id_(id) {}

  constexpr FieldId id() const { return id_; }
  constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
  FieldId id_;
};

// One field; what it views belongs to whoever made it.
struct Header {
  constexpr Header(std::string_view its_name, std::string_view its_value)
      : Header(its_name, its_value, field_id(its_name)) {}
  constexpr Header(std::string_view its_name, std::string_view its_value, FieldId its_id)
      : name(its_name), value(its_value), id(its_id) {}

  std::string_view name;
  std::string_view value;
  FieldId id;
};

// Fields in wire order, duplicates kept.
class Headers {
 public:
  static constexpr std::size_t kMaxBytes = std::size_t{1} << 30;
  class Iterator;

  Headers() = default;
  Headers(std::initializer_list<Header> fields);

  // Room for so many fields, with so many bytes of names and values.
  void reserve(std::size_t fields, std::size_t bytes);
  void add(std::string_view name, std::string_view value) { add({name, value}); }
  void add(const Header& field);
  void set(std::string_view name, std::string_view value);  // replaces all fields of that name
  void erase(const FieldName& name);
  // The first field of that name.
  std::optional<std::string_view> find(const FieldName& name) const;
  // Like find, "" if absent.
  std::string_view get(const FieldName& name) const { return find(name).value_or(""); }
  // All fields of that name as one list (RFC 9110 section 5.3), "" if there are none.
  std::string list(const FieldName& name) const;

  Iterator begin() const;
  Iterator end() const;
  std::size_t size() const { return fields_.size(); }
  bool empty() const { return fields_.empty(); }
  std::size_t bytes() const { return text_.size(); }  // of names and values

 private:
  struct Field {
    std::uint32_t at;  // of the name in text_; the value follows
    std::uint32_t name_size;
    std::uint32_t value_size;
    FieldId id;
  };

  Header view(const Field& field) const {
    const char* const name = text_.data() + field.at;
    return {{name, field.name_size}, {name + field.name_size, field.value_size}, field.id};
  }
  bool is(const Field& field, const FieldName& name) const {
    return field.id == name.id() &&
           (field.id != FieldId::other || equals_ignore_case(view(field).name, name.text()));
  }
  void pack();

  std::string text_;
  std::vector<Field> fields_;
};

class Headers::Iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = Header;
  using difference_type = std::ptrdiff_t;
  using reference = Header;
  struct pointer {
    Header field;
    const Header* operator->() const { return &field; }
  };

  Iterator(const Headers& headers, std::size_t index) : headers_(&headers), index_(index) {}

  Header operator*() const { return headers_->view(headers_->fields_[index_]); }
  pointer operator->() const { return {**this}; }
  Iterator& operator++() {
    ++index_;
    return *this;
  }
  Iterator operator++(int) {
    Iterator before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const Iterator& a, const Iterator& b) { return a.index_ == b.index_; }

 private:
  const Headers* headers_;
  std::size_t index_;
};

inline Headers::Iterator Headers::begin() const {
  return {*this, 0};
}
inline Headers::Iterator Headers::end() const {
  return {*this, fields_.size()};
}

}  // namespace responses_proxy
