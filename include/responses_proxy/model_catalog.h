// ModelCatalog: what Codex is told about the models that can be asked for here.
//
// Role       Part of a RoutingTable, so that it says what that table routes. GET /v1/models with
//            `client_version` in its query answers it as it stands.
// Ownership  Plain values; immutable once a table has it.
#pragma once

#include <string>

#include "responses_proxy/export.h"

namespace RP_PUBLIC responses_proxy {

struct ModelCatalog {
  std::string
      json;  // {"object":"list","data":[...],"models":[...]}: for OpenAI's clients and Codex
  std::string etag;  // strong, with its quotes; another one when `json` is another one
};

}  // namespace responses_proxy
