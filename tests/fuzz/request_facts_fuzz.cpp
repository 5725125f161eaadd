// Any path, headers and body: facts within their bounds, or an error that is ready to be answered.
#include <nlohmann/json.hpp>
#include <string>

#include "fuzz_input.h"
#include "route/request_facts.h"

namespace responses_proxy::fuzz {

namespace {

void check_error(const Error& error) {
  require(error.status >= 400 && error.status < 500);
  require(!error.message.empty());
  require(!nlohmann::json::parse(error.to_json(), nullptr, false).is_discarded());
}

void check_facts(const RequestFacts& facts) {
  for (const std::string* text :
       {&facts.session_id, &facts.session_name, &facts.pool_id, &facts.model}) {
    require(text->size() <= kMaxIdBytes);
  }
  require(facts.response_key().size() <= kMaxKeyBytes);
  require(facts.item_references.size() <= kMaxItemReferences);
  for (const std::string& id : facts.item_references) {
    require(!id.empty() && id.size() <= kMaxKeyBytes);
  }
  if (!facts.previous_response_id.empty()) {
    require(facts.response_key() == facts.previous_response_id);
  }
}

}  // namespace

void run(FuzzInput input) {
  constexpr const char* kMethods[] = {"POST", "GET", "DELETE", "?"};
  constexpr const char* kPaths[] = {"/v1/responses", "/v1/responses/", "/v1/conversations/",
                                    "/v1/models/", ""};
  constexpr const char* kHeaders[] = {"session_id", "x-proxy-session-id", "x-proxy-pool-id",
                                      "x-proxy-session-name"};
  Request request;
  request.method = kMethods[input.byte() % 4];
  request.path = kPaths[input.byte() % 5];
  request.path += input.text(input.byte() % 32);
  for (const char* name : kHeaders) {
    if (const std::size_t size = input.byte())
      request.headers.add(name, std::string(input.text(size)));
  }
  request.body = input.rest();

  const auto endpoint = classify(request.method, request.path);
  if (!endpoint) return check_error(endpoint.error());
  const auto facts = read_request_facts(request, *endpoint);
  facts ? check_facts(*facts) : check_error(facts.error());
}

}  // namespace responses_proxy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  responses_proxy::fuzz::run({data, size});
  return 0;
}
