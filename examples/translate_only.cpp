// Level 2, translate: a Dialect makes the upstream's request, and a Translation reads its answer;
// no I/O.
#include <cstdio>
#include <string>

#include "responses_proxy/dialect.h"

using namespace responses_proxy;

namespace {

// What the client gets.
struct Forwarded final : AnswerSink {
  void event(const AnswerEvent& event) override { text.append(event.wire); }
  void bytes(std::string_view bytes) override { text.append(bytes); }
  std::string text;
};

}  // namespace

int main() {
  const auto dialect = make_responses_dialect();

  Resource resource;
  resource.id = "openai-1";
  resource.base_url = "https://api.openai.com/v1";
  resource.credential = Secret("sk-example-key-1234");

  Request request;
  request.method = "POST";
  request.path = "/v1/responses";
  request.headers = {{"content-type", "application/json"}, {"cookie", "stays here"}};
  request.body = R"({"model":"gpt-4.1-mini","stream":true,"input":"hello"})";

  const auto translated =
      dialect->translate({.request = request, .model = "gpt-4.1-mini"}, resource);
  if (!translated) return 1;
  std::printf("%s %s\n", translated->call.method.c_str(), translated->call.url.c_str());
  for (const Header& field : translated->call.headers) {
    const bool secret = field.id == FieldId::authorization;
    const std::string value(secret ? "(set)" : field.value);
    std::printf("  %s: %s\n", std::string(field.name).c_str(), value.c_str());
  }

  // The upstream's answer, in the pieces the host happened to read.
  Translation& answer = *translated->answer;
  answer.head(200, {{"content-type", "text/event-stream"}});
  const std::string stream =
      "data: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\"}}\n\n"
      "data: {\"type\":\"response.output_text.delta\",\"delta\":\"hi\"}\n\n"
      "data: {\"type\":\"response.completed\",\"response\":{\"id\":\"resp_1\","
      "\"usage\":{\"input_tokens\":3,\"output_tokens\":1,\"total_tokens\":4}}}\n\n";
  Forwarded forwarded;
  for (std::size_t at = 0; at < stream.size(); at += 50) {
    answer.read(std::string_view(stream).substr(at, 50), forwarded);
  }
  answer.finish(forwarded);
  std::printf("forwarded %zu of %zu bytes, response %s, %lld tokens\n", forwarded.text.size(),
              stream.size(), answer.facts().response_id.c_str(),
              static_cast<long long>(answer.facts().usage.total.value_or(0)));
  return forwarded.text == stream ? 0 : 1;
}
