// Level 2, translate: a ProviderAdapter makes the upstream's request and reads its answer; no I/O.
#include <cstdio>
#include <string>

#include "responses_proxy/responses_proxy.h"

using namespace responses_proxy;

int main() {
  const auto adapter = make_responses_adapter();

  Resource resource;
  resource.id = "openai-1";
  resource.base_url = "https://api.openai.com/v1";
  resource.credential = Secret("sk-example-key-1234");

  Request request;
  request.method = "POST";
  request.path = "/v1/responses";
  request.headers = {{"content-type", "application/json"}, {"cookie", "stays here"}};
  request.body = R"({"model":"gpt-4.1-mini","stream":true,"input":"hello"})";

  const auto adapted = adapter->adapt_request(request, resource);
  if (!adapted) return 1;
  std::printf("%s %s\n", adapted->method.c_str(), adapted->url.c_str());
  for (const Header& field : adapted->headers) {
    const bool secret = equals_ignore_case(field.name, "authorization");
    std::printf("  %s: %s\n", field.name.c_str(), secret ? "(set)" : field.value.c_str());
  }

  // The upstream's answer, in the pieces the host happened to read.
  Headers head = {{"content-type", "text/event-stream"}};
  const auto reader = adapter->adapt_answer(200, head);
  const std::string stream =
      "data: {\"type\":\"response.created\",\"response\":{\"id\":\"resp_1\"}}\n\n"
      "data: {\"type\":\"response.output_text.delta\",\"delta\":\"hi\"}\n\n"
      "data: {\"type\":\"response.completed\",\"response\":{\"id\":\"resp_1\","
      "\"usage\":{\"input_tokens\":3,\"output_tokens\":1,\"total_tokens\":4}}}\n\n";
  std::string forwarded;
  for (std::size_t at = 0; at < stream.size(); at += 50) {
    forwarded += reader->read(std::string_view(stream).substr(at, 50));
  }
  forwarded += reader->finish();
  std::printf("forwarded %zu of %zu bytes, response %s, %lld tokens\n", forwarded.size(),
              stream.size(), reader->facts().response_id.c_str(),
              static_cast<long long>(reader->facts().usage.total.value_or(0)));
  return forwarded == stream ? 0 : 1;
}
