#include "dialects/translation/tool_names.h"

#include <doctest/doctest.h>

#include <set>

using namespace responses_proxy;

namespace {

const std::string kLong(80, 'x');

}  // namespace

TEST_CASE("tool names: a direct tool keeps its name, one in a namespace is qualified") {
  ToolNames names;
  const auto direct = names.add(ToolKind::function, "echo", "");
  const auto spaced = names.add(ToolKind::custom, "exec", "functions");
  const auto prefixed = names.add(ToolKind::function, "mcp__x__echo", "mcp__x");
  CHECK(names[direct].wire == "echo");
  CHECK(names[spaced].wire == "functions__exec");
  CHECK(names[prefixed].wire == "mcp__x__echo");
  CHECK(names.by_wire("functions__exec")->name == "exec");
  CHECK(names.by_wire("functions__exec")->name_space == "functions");
  CHECK(names.by_wire("functions__exec")->kind == ToolKind::custom);
  CHECK(names.by_wire("nobody") == nullptr);
  CHECK(names.find("echo", "") == direct);
  CHECK(names.find("echo", "functions") == ToolNames::kNone);
}

TEST_CASE("tool names: what is taken gets digits, and the first of equal names stays") {
  ToolNames names;
  const auto direct = names.add(ToolKind::function, "ns__echo", "");
  const auto spaced = names.add(ToolKind::function, "echo", "ns");
  const auto again = names.add(ToolKind::custom, "ns__echo", "");
  CHECK(again == direct);
  CHECK(names[direct].kind == ToolKind::function);
  CHECK(names[direct].wire == "ns__echo");
  CHECK(names[spaced].wire != "ns__echo");
  CHECK(names[spaced].wire.starts_with("ns__echo_"));
  CHECK(names.by_wire(names[spaced].wire)->name == "echo");
}

TEST_CASE(
    "tool names: whatever a tool is called, the upstream's name is plain, short and its own") {
  ToolNames names;
  std::set<std::string> wires;
  const char* const odd[] = {"with space", "with.dot", "m\xC3\xA4h", "a/b", "a.b", "a b"};
  for (const char* name : odd) names.add(ToolKind::function, name, "");
  names.add(ToolKind::function, kLong, "");
  names.add(ToolKind::function, kLong + "y", "");
  names.add(ToolKind::function, "f", kLong);
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string& wire = names[i].wire;
    CHECK(wire.size() <= 64);
    CHECK(wire.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                 "_-") == std::string::npos);
    CHECK(wires.insert(wire).second);
    CHECK(names.by_wire(wire)->name == names[i].name);
    CHECK(names.wire_name(names[i].name, names[i].name_space) == wire);
  }
}

TEST_CASE("tool names: a tool of an earlier turn that is not declared any more has a name, too") {
  const ToolNames names;
  CHECK(names.wire_name("echo", "mcp") == "mcp__echo");
  CHECK(names.wire_name(kLong, "").size() == 64);
}
