// ToolNames: what the tools of a request are called by the client, and what by the upstream, which
// knows nothing but functions with one plain name each.
//
//   function f                       f
//   function f in namespace n        n__f   (not n__n__f where f begins with n__ already)
//   anything over 64 characters, or with others than [a-zA-Z0-9_-]
//                                    those replaced by _, cut, and 8 hex of SHA-256 over the whole
//   a name that is taken             the same with 8 hex; tools without namespace come first
//
// Role       Maps both ways, for one request: the answer's calls get the names that were declared.
// Ownership  Owns its texts: it outlives the request.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace responses_proxy {

// How a tool was declared, and so how a call of it looks.
enum class ToolKind : std::uint8_t {
  function,
  custom,  // one free text
  local_shell,
  shell,
  apply_patch,
  tool_search,  // that the client carries out
};

struct ToolName {
  ToolKind kind = ToolKind::function;
  std::string name;
  std::string name_space;  // "" = none
  std::string wire;
};

class ToolNames {
 public:
  static constexpr std::size_t kMaxWireName = 64;
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  // The index of the tool; of one that is declared already: the same, and it stays as it was.
  // Direct tools have to be added before those in namespaces.
  std::size_t add(ToolKind kind, std::string_view name, std::string_view name_space);
  // kNone: it is not declared.
  std::size_t find(std::string_view name, std::string_view name_space) const;
  // By what the upstream calls it. Null: nobody has declared it.
  const ToolName* by_wire(std::string_view wire) const;
  // What the upstream calls a tool, declared or not.
  std::string wire_name(std::string_view name, std::string_view name_space) const;

  const ToolName& operator[](std::size_t index) const { return names_[index]; }
  std::size_t size() const { return names_.size(); }

 private:
  std::vector<ToolName> names_;
  std::unordered_map<std::string, std::size_t> by_wire_;
  std::unordered_map<std::string, std::size_t> by_name_;  // namespace, a NUL, name
};

}  // namespace responses_proxy
