#include "dialects/anthropic_messages/anthropic_call_ids.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>

using namespace responses_proxy;

TEST_CASE("call ids: of the characters that are taken, each once, and back") {
  AnthropicCallIds ids;
  std::set<std::string> written;
  for (const char* id : {"toolu_01Ab-c", "functions.f:0", "functions-2ef-3a0", "rp-x", "rp", "",
                         "call_1", "ä", "functions.f:0", "call_1", "rp2-call_1", "a b"}) {
    CAPTURE(id);
    const std::string wire = ids.next(id);
    CHECK(std::all_of(wire.begin(), wire.end(), [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
    }));
    CHECK(written.insert(wire).second);
    CHECK(original_call_id(wire) == id);
  }
  CHECK(AnthropicCallIds().next("toolu_01Ab-c") == "toolu_01Ab-c");
}

TEST_CASE("call ids: what nobody here has written stays as it is") {
  for (const char* id : {"rp", "rp-a-2", "rp-a-zz", "rpc_call-1", "rp-", "toolu-2e"}) {
    CHECK(original_call_id(id) == (std::string_view(id) == "rp-" ? "" : id));
  }
}
