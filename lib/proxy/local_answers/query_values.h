// The query of a request: what stands at a name, percent-decoded.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace responses_proxy::local_answers {

// The last one of that name; nullopt: there is none.
std::optional<std::string> query_value(std::string_view query, std::string_view name);

}  // namespace responses_proxy::local_answers
