// Half a surrogate pair in JSON (`\ud83d` alone): legal text, no character. Parsers here refuse it.
#pragma once

#include <string>
#include <string_view>

namespace responses_proxy {

// `json` with U+FFFD written in place of every escaped half of a pair; all other bytes stay.
std::string without_lone_surrogates(std::string_view json);

}  // namespace responses_proxy
