#include "proxy/web_socket/socket_error.h"

#include <charconv>

#include "core/field_syntax.h"
#include "core/json_members.h"
#include "dialects/responses/faults.h"

namespace responses_proxy {

namespace {

JsonMembers members_of(std::string& object) {
  return read_members(object).value_or(JsonMembers{});
}

int number(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

int status_of(const JsonMembers& message, const std::string& code) {
  for (const std::string_view key : {"status", "status_code"}) {
    const int status = number(member(message, key));
    if (status >= 400 && status < 600) return status;
  }
  return status_of_error_code(code);
}

// Of a body that is not sent: nothing that describes one.
void add_headers(std::string object, Headers& headers) {
  for (const JsonMember& field : members_of(object)) {
    const bool text = field.value.starts_with('"');
    const std::string value = text ? string_content(field.value) : std::string(field.value);
    if (is_field_name(field.key) && is_field_value(value) && !field.key.starts_with("content-")) {
      headers.add(field.key, value);
    }
  }
}

}  // namespace

SocketError read_socket_error(std::string_view message) {
  std::string text(message);
  const JsonMembers members = members_of(text);
  // As events of a stream do, it may be the error itself.
  std::string error(member(members, "error"));
  if (!error.starts_with('{')) error = message;
  const JsonMembers fields = members_of(error);
  SocketError read;
  read.code = string_content(member(fields, "code"));
  read.status = status_of(members, read.code);
  read.headers.add("content-type", "application/json");
  add_headers(std::string(member(members, "headers")), read.headers);
  if (read.headers.size() == 1) add_headers(std::string(member(fields, "headers")), read.headers);
  read.body = "{\"error\":" + error + "}";
  return read;
}

}  // namespace responses_proxy
