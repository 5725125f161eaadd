#include "dialects/responses/responses_socket.h"

#include <charconv>
#include <utility>

#include "core/field_syntax.h"
#include "core/json_members.h"
#include "dialects/responses/answer_facts.h"
#include "dialects/responses/event_head.h"
#include "dialects/responses/faults.h"

namespace responses_proxy {

namespace {

using Trouble = UpstreamMessage::Trouble;

Trouble trouble_of(std::string_view error_code) {
  if (error_code == "websocket_connection_limit_reached") return Trouble::connection_used_up;
  return error_code == "previous_response_not_found" ? Trouble::id_unknown : Trouble::other;
}

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

std::optional<UpstreamMessage> ResponsesSocket::read(std::string_view json) const {
  auto head = read_event_head(json);
  if (!head) return std::nullopt;
  UpstreamMessage message{json, std::move(*head)};
  if (!message.head.steered()) message.state = state_after(message.head.type);
  if (message.head.type == "error") message.trouble = trouble_of(message.head.error_code);
  return message;
}

SocketRefusal ResponsesSocket::refusal(const UpstreamMessage& message) const {
  std::string text(message.json);
  const JsonMembers members = members_of(text);
  // As events of a stream do, it may be the error itself.
  std::string error(member(members, "error"));
  if (!error.starts_with('{')) error = message.json;
  const JsonMembers fields = members_of(error);
  const std::string code = string_content(member(fields, "code"));
  SocketRefusal refusal;
  refusal.status = trouble_of(code) == Trouble::connection_used_up ? 503 : status_of(members, code);
  refusal.headers.add("content-type", "application/json");
  add_headers(std::string(member(members, "headers")), refusal.headers);
  if (refusal.headers.size() == 1) {
    add_headers(std::string(member(fields, "headers")), refusal.headers);
  }
  refusal.body = "{\"error\":" + error + "}";
  return refusal;
}

}  // namespace responses_proxy
