// Request: one downstream HTTP request, already read from the wire.
//
// Role       What a host hands to Proxy::handle. The body is kept as the client's bytes.
// Ownership  Plain values; moved into the exchange.
// Limits     The host bounds header and body sizes before it builds a Request.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace responses_proxy {

struct Header {
  std::string name;
  std::string value;
};

// ASCII case-insensitive, as field names are (RFC 9110 section 5.1).
bool equals_ignore_case(std::string_view a, std::string_view b);

// Header fields in wire order, duplicates kept.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<Header> fields) : fields_(fields) {}

  void add(std::string name, std::string value) {
    fields_.push_back({std::move(name), std::move(value)});
  }
  void set(std::string_view name, std::string value);  // replaces all fields of that name
  void erase(std::string_view name);
  // The first field of that name.
  std::optional<std::string_view> find(std::string_view name) const;
  // Like find, "" if absent.
  std::string_view get(std::string_view name) const { return find(name).value_or(""); }
  // All fields of that name as one list (RFC 9110 section 5.3), "" if there are none.
  std::string list(std::string_view name) const;

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  std::size_t size() const { return fields_.size(); }
  bool empty() const { return fields_.empty(); }

 private:
  std::vector<Header> fields_;
};

struct Request {
  std::string method;  // "POST"
  std::string path;    // "/v1/responses", as sent (percent-encoding untouched), without the query
  std::string query;   // without "?"
  Headers headers;
  std::string body;
  std::string peer;  // client address for the log, "" if unknown
};

}  // namespace responses_proxy
