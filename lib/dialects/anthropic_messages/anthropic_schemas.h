// JSON schemas as the Messages API takes them.
//
// Ownership  Pure functions.
// Limits     kMaxBranches of a schema's root are read, kMaxDepth levels narrowed; what is deeper
//            stays as it is.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>

namespace responses_proxy {

inline constexpr std::size_t kMaxBranches = 256;
inline constexpr std::size_t kMaxDepth = 64;

// Of a tool's arguments: an object at the root. What anyOf, oneOf and allOf say there becomes one
// object with the properties of all. "" and what is no schema: an object without properties.
std::string object_schema(std::string_view parameters);

// Of an answer: objects without further properties; keywords that are not known there are told in
// the description.
std::string narrowed_schema(simdjson::dom::element schema);

}  // namespace responses_proxy
