#include "proxy/token_gate.h"

#include <doctest/doctest.h>

using namespace responses_proxy;

namespace {

// The caller's name, or the code of the error.
std::string admitted(Gate& gate, Headers headers) {
  Request request;
  request.headers = std::move(headers);
  const auto caller = gate.admit(request);
  return caller ? "caller " + caller->name : caller.error().code;
}

}  // namespace

TEST_CASE("without tokens everybody may, and is nobody in particular") {
  const std::vector<ClientToken> none;
  TokenGate gate(none);
  CHECK(admitted(gate, {}) == "caller ");
  CHECK(admitted(gate, {{"authorization", "Bearer whatever"}}) == "caller ");
}

TEST_CASE("a caller is known by the token") {
  const std::vector<ClientToken> tokens{
      {"alice", Secret("one")}, {"bob", Secret("two")}, {"alice", Secret("three")}, {"", Secret()}};
  TokenGate gate(tokens);
  CHECK(admitted(gate, {{"Authorization", "Bearer one"}}) == "caller alice");
  CHECK(admitted(gate, {{"authorization", "bearer two"}}) == "caller bob");
  CHECK(admitted(gate, {{"authorization", "Bearer three"}}) == "caller alice");
  for (const char* value : {"", "Bearer", "Bearer ", "Bearer on", "Bearer ones", "Basic one", "one",
                            "Bearer alice:one"}) {
    CAPTURE(value);
    CHECK(admitted(gate, {{"authorization", value}}) == "invalid_api_key");
  }
  CHECK(admitted(gate, {}) == "invalid_api_key");
}
