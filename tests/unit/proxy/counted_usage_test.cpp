#include "proxy/counted_usage.h"

#include <doctest/doctest.h>

using namespace responses_proxy;

TEST_CASE("usage counts where something was generated, and of background responses") {
  struct Case {
    EndpointKind kind;
    const char* method;
    bool background;
    bool counts;
  };
  const Case cases[] = {
      {EndpointKind::create_response, "POST", false, true},
      {EndpointKind::create_response, "POST", true, true},
      {EndpointKind::compact, "POST", false, true},
      {EndpointKind::response, "GET", true, true},
      {EndpointKind::response, "GET", false, false},
      {EndpointKind::response, "POST", true, false},  // .../cancel
      {EndpointKind::response, "DELETE", true, false},
      {EndpointKind::input_tokens, "POST", false, false},
      {EndpointKind::conversations, "POST", false, false},
      {EndpointKind::models, "GET", false, false},
  };
  AnswerFacts facts;
  facts.usage = {1, 2, 3, 0, 0};
  for (const Case& one : cases) {
    CAPTURE(static_cast<int>(one.kind));
    CAPTURE(one.method);
    facts.background = one.background;
    CHECK(counted_usage(one.kind, one.method, facts) == (one.counts ? facts.usage : TokenUsage{}));
  }
}
