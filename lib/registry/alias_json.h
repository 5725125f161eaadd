// Alias <-> JSON: what is asked for, what is stored, what is shown.
//
// Ownership  Pure functions.
// Errors     Everything that is wrong with a request, each with its field.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config_values/field_reader.h"
#include "registry/provider.h"

namespace responses_proxy {

// The alias that `body` asks for; `has_provider` says whether a provider is there. With errors the
// value means nothing.
Alias read_alias(const Json& body, const std::function<bool(std::string_view)>& has_provider,
                 std::vector<FieldError>& errors, std::vector<std::string>& unknown);
// The body that asks for `before` with the changes of `patch` (RFC 7396). A patch that names a
// provider or an upstream id, and no targets, means the first target and drops the others.
Json patched_alias(const Alias& before, const Json& patch);

// What is stored, and what an answer shows of it.
Json to_document(const Alias& alias);
// Of what to_document() has made, now or in another version: what is not understood keeps its
// default.
Alias alias_of_document(const Json& document);

}  // namespace responses_proxy
