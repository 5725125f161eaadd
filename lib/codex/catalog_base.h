// CatalogBase: entries for models that are no aliases, as Codex itself writes them.
//
// Role       What MODEL_CATALOG_JSON names: the output of `codex debug models --bundled`, or a file
//            of one's own. Codex takes no list in which one entry is wrong, so none is taken here.
// Errors     A sentence that begins with what is wrong ("models[3] has no priority"); "" = none.
// Blocking   Reading the file.
// Limits     kMaxBytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"

namespace responses_proxy {

struct CatalogEntry {
  std::string slug;
  Json json;
  std::string text;  // the same, written
};

struct CatalogBase {
  static constexpr std::size_t kMaxBytes = 16 * 1024 * 1024;

  std::vector<CatalogEntry> entries;  // no slug twice

  const CatalogEntry* find(std::string_view slug) const;
};

CatalogBase parse_catalog(const std::string& text, std::string& problem);
// Of the file; an empty path is an empty catalog.
CatalogBase read_catalog(const std::string& path, std::string& problem);

// The model of Codex's own that it takes this name for while it has no catalog from here: its names
// count as prefixes, also behind the first slash. "" = none.
std::string_view codex_model_in(std::string_view name);
// What to tell whoever chose such a name; "" = nothing.
std::string name_warning(std::string_view name);

}  // namespace responses_proxy
