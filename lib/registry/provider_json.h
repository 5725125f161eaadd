// Provider <-> JSON: what is asked for, what is stored, what is shown.
//
// Ownership  Pure functions.
// Errors     Everything that is wrong with a request, each with its field. No text quotes a secret.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "config_values/field_reader.h"
#include "core/secret_box.h"
#include "registry/provider.h"

namespace responses_proxy {

// The sentence of the refusal, the same wherever it stands.
inline constexpr std::string_view kNoEncryptionKey =
    "Set PROXY_SECRET_ENCRYPTION_KEY before registering inline API keys";

// Somebody's own: stored, and not routed to unless a dialect of the host's has that name.
inline constexpr std::string_view kCustomWireApi = "custom";

struct ProviderRules {
  bool allow_private_upstreams = true;
  const SecretBox* box = nullptr;  // null: what is read has no inline keys (the registry file)
  // Those that are spoken here. kCustomWireApi may be registered whether or not it is.
  std::vector<std::string> wire_apis = {};
};

// What a provider's wire_api may be.
std::vector<std::string> registrable_wire_apis(std::vector<std::string> spoken);

// The provider that `body` asks for. `before`: the one it replaces, whose credential stays unless
// the body names another; null = there is none. With errors the value means nothing.
Provider read_provider(const Json& body, const Provider* before, const ProviderRules& rules,
                       std::vector<FieldError>& errors, std::vector<std::string>& unknown);
// The body that asks for `before` with the changes of `patch` (RFC 7396).
Json patched_provider(const Provider& before, const Json& patch);

// Everything, keys encrypted.
Json to_document(const Provider& provider);
// Of what to_document() has made, now or in another version: what is not understood keeps its
// default.
Provider provider_of_document(const Json& document);

// Everything but keys and documents' own words: what an answer shows of the settings.
Json to_settings(const Provider& provider);

}  // namespace responses_proxy
