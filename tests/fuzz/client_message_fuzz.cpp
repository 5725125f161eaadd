// Any text as a client's message: no header comes out of it that an HTTP client could not send
// upstream, and what is made of one that is JSON is JSON and says each thing once.
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "core/field_syntax.h"
#include "dialects/headers.h"
#include "fuzz_input.h"
#include "proxy/web_socket/client_message.h"

namespace responses_proxy::fuzz {

namespace {

constexpr std::string_view kHeaderPrefix = "ws_request_header_";

JsonMembers members_of(std::string& text) {
  auto members = read_members(text);
  require(members.has_value());
  std::set<std::string> keys;
  for (const JsonMember& member : *members) require(keys.insert(member.key).second);
  return *members;
}

void check_headers(const Headers& headers) {
  require(forwarded_request_headers(headers).size() == headers.size());
  for (const Header& field : headers) {
    require(is_field_name(field.name) && is_field_value(field.value) && !field.value.empty());
  }
}

void check_metadata(std::string metadata) {
  const auto members = read_members(metadata);
  if (!members) return;
  for (const JsonMember& member : *members) {
    if (!member.key.starts_with(kHeaderPrefix)) continue;
    std::string name = member.key.substr(kHeaderPrefix.size());
    for (char& c : name) c = c == '_' ? '-' : c;
    require(is_field_name(name));
    require(forwarded_request_headers({{name, "x"}}).size() == 1);
  }
}

void check_body(std::string body) {
  require(nlohmann::json::accept(body));
  const JsonMembers members = members_of(body);
  for (const char* key : {"type", "stream_id", "generate", "background"}) {
    require(member(members, key).empty());
  }
  require(member(members, "stream") == "true");
  check_metadata(std::string(member(members, "client_metadata")));
}

void check_same(const ClientMessage& message) {
  const auto again = read_client_message(message.text());
  require(again.ok());
  require(again->text() == message.text() && again->type == message.type &&
          again->stream_id == message.stream_id &&
          again->previous_response_id == message.previous_response_id &&
          again->generate == message.generate && again->store == message.store &&
          again->carried_headers.size() == message.carried_headers.size());
}

}  // namespace

void run(FuzzInput input) {
  const std::string text(input.rest());
  const auto message = read_client_message(text);
  if (!message) {
    const Error& error = message.error();
    require(error.status == 400 || error.status == 431);
    require(nlohmann::json::accept(error.to_json()));
    return;
  }
  check_headers(message->carried_headers);
  if (!nlohmann::json::accept(text)) return;  // the upstream's to judge
  require(nlohmann::json::accept(message->text()));
  check_same(*message);
  check_body(http_body(*message, std::nullopt, "theirs"));
  check_body(http_body(*message, JsonPieces{R"({"a":1})"}, {}));
  require(nlohmann::json::accept(named(*message, "theirs")));
  std::string whole = with_history(*message, {R"({"a":1})"}, "theirs");
  require(nlohmann::json::accept(whole));
  require(member(members_of(whole), "previous_response_id").empty());
}

}  // namespace responses_proxy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  responses_proxy::fuzz::run({data, size});
  return 0;
}
