// CodexCatalog: the ModelCatalog of what is routed.
//
// Role       Each alias under its own name, and, where a resource takes models that are no aliases,
//            the models of the base. An alias has the entry that the base has for its name, or for
//            the model that it stands for, or a default (catalog_entry.h).
// Threads    Immutable: any thread.
// Ownership  Owns the base.
// Blocking   Never, but it takes some milliseconds: not for an event loop.
// Limits     Aliases share kMaxCopied bytes of entries that are taken over from the base; what is
//            beyond has the default.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "codex/catalog_base.h"
#include "responses_proxy/model_alias.h"
#include "responses_proxy/model_catalog.h"
#include "responses_proxy/resource.h"

namespace responses_proxy {

class CodexCatalog {
 public:
  static constexpr std::size_t kMaxCopied = 8 * 1024 * 1024;

  explicit CodexCatalog(CatalogBase base) : base_(std::move(base)) {}

  // Of two aliases of one name the last one counts, as in a RoutingTable.
  std::shared_ptr<const ModelCatalog> of(std::span<const Resource> resources,
                                         std::span<const ModelAlias> aliases) const;

 private:
  const CatalogBase base_;
};

}  // namespace responses_proxy
