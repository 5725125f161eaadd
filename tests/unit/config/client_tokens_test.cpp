#include "config/client_tokens.h"

#include <doctest/doctest.h>

using namespace responses_proxy;
using config::read_client_tokens;

namespace {

// "alice=secret, token-2=other", or the problem.
std::string read(std::string_view value) {
  std::vector<ClientToken> tokens;
  const std::string problem = read_client_tokens(value, tokens);
  if (!problem.empty()) return problem;
  std::string text;
  for (const ClientToken& token : tokens) {
    text += (text.empty() ? "" : ", ") + token.name + "=" + token.secret.reveal();
  }
  return text;
}

}  // namespace

TEST_CASE("names stand before the first colon; who has none is called by the position") {
  struct Case {
    const char* value;
    std::string expected;
  };
  const Case cases[] = {
      {"one", "token-1=one"},
      {"one,two", "token-1=one, token-2=two"},
      {"alice:one, two ,bob.2_x-y:three", "alice=one, token-2=two, bob.2_x-y=three"},
      {"one,,two,", "token-1=one, token-3=two"},
      {"alice:to:ken", "alice=to:ken"},
      {"alice:old,alice:new", "alice=old, alice=new"},  // a token is replaced
      {"token-2:one,token-1:two", "token-2=one, token-1=two"},
  };
  for (const auto& [value, expected] : cases) CHECK(read(value) == expected);
  const std::string longest(config::kMaxCallerName, 'n');
  CHECK(read(longest + ":one") == longest + "=one");
}

TEST_CASE("a problem names the item by its position, and shows nothing of it") {
  struct Case {
    std::string value;
    const char* problem;
  };
  const Case cases[] = {
      {"", "has no item"},
      {", ,", "has no item"},
      {"one,hunter2!:two", "has an item (number 2) that has no valid name before its first colon"},
      {":hunter2", "has an item (number 1) that has no valid name before its first colon"},
      {std::string(config::kMaxCallerName + 1, 'n') + ":hunter2",
       "has an item (number 1) that has no valid name before its first colon"},
      {"one,two,hunter2:", "has an item (number 3) that has a name and no token"},
      {"one,alice:hunter2 hunter2", "has an item (number 2) that has a blank in it"},
      {"token-2:one,hunter2",
       "has an item (number 2) that has no name and would be called token-2, as another one is"},
      {"alice:hunter2,bob:other,bob:hunter2", "gives alice and bob the same token"},
      {"hunter2,hunter2", "gives token-1 and token-2 the same token"},
  };
  for (const auto& [value, problem] : cases) {
    CAPTURE(value);
    CHECK(read(value) == problem);
  }
  for (const char* value : {"alice:'hunter2'", "'hunter2'", "one,alice:$HUNTER2"}) {
    CHECK(read(value).starts_with("has an item (number "));
    CHECK(read(value).find("unter2") == std::string::npos);
  }
}
