#include "registry/registry_rows.h"

#include <utility>

#include "core/json_object.h"
#include "registry/alias_json.h"
#include "registry/provider_json.h"
#include "storage/sql_values.h"

namespace responses_proxy {

namespace {

constexpr int kKeptVersion = 1;

template <class T>
Registered<T> registered(T value, const RegistryRow& row) {
  return {std::move(value),         row.revision, row.created_at, row.updated_at,
          RegistrySource::database, false};
}

Json to_json(const RegistryRow& row) {
  return {{"kind", to_string(row.kind)},
          {"id", row.id},
          {"revision", row.revision},
          {"created_at", to_micros(row.created_at)},
          {"updated_at", to_micros(row.updated_at)},
          {"document", row.document}};
}

RegistryRow row_of_json(const Json& json) {
  RegistryRow row;
  row.kind = json.at("kind").get<std::string>() == to_string(RegistryKind::provider)
                 ? RegistryKind::provider
                 : RegistryKind::alias;
  row.id = json.at("id").get<std::string>();
  row.revision = json.at("revision").get<std::int64_t>();
  row.created_at = from_micros(json.at("created_at").get<std::int64_t>());
  row.updated_at = from_micros(json.at("updated_at").get<std::int64_t>());
  row.document = json.at("document").get<std::string>();
  return row;
}

}  // namespace

RegistryContents contents_of(const RegistryRows& rows, std::vector<std::string>& unreadable) {
  RegistryContents contents;
  contents.version = rows.version;
  for (const RegistryRow& row : rows.rows) {
    const auto document = parse_json_object(row.document);
    if (!document) {
      unreadable.push_back(row.id);
    } else if (row.kind == RegistryKind::provider) {
      Provider provider = provider_of_document(*document);
      provider.id = row.id;
      contents.providers.emplace(row.id, registered(std::move(provider), row));
    } else {
      Alias alias = alias_of_document(*document);
      alias.alias = row.id;
      contents.aliases.emplace(row.id, registered(std::move(alias), row));
    }
  }
  return contents;
}

namespace {

template <class T>
void put_above(const std::map<std::string, T, std::less<>>& above,
               std::map<std::string, T, std::less<>>& below) {
  for (const auto& [name, one] : above) {
    T& put = below[name];
    const bool covers_one = put.source == RegistrySource::file;
    put = one;
    put.file_has_it = covers_one;
  }
}

}  // namespace

RegistryContents merged(RegistryContents below, const RegistryContents& above) {
  below.version = above.version;
  put_above(above.providers, below.providers);
  put_above(above.aliases, below.aliases);
  return below;
}

RegistryRow row_of(const Registered<Provider>& provider) {
  return {RegistryKind::provider, provider.value.id,   0,
          provider.created_at,    provider.updated_at, dump(to_document(provider.value))};
}

RegistryRow row_of(const Registered<Alias>& alias) {
  return {RegistryKind::alias, alias.value.alias, 0,
          alias.created_at,    alias.updated_at,  dump(to_document(alias.value))};
}

std::string kept_text(const RegistryRows& rows) {
  Json list = Json::array();
  for (const RegistryRow& row : rows.rows) list.push_back(to_json(row));
  return dump({{"format", kKeptVersion}, {"version", rows.version}, {"rows", std::move(list)}});
}

std::optional<RegistryRows> kept_rows(const std::string& text) {
  try {
    const Json kept = Json::parse(text);
    if (kept.at("format").get<int>() != kKeptVersion) return std::nullopt;
    RegistryRows rows{kept.at("version").get<std::int64_t>(), {}};
    for (const Json& row : kept.at("rows")) rows.rows.push_back(row_of_json(row));
    return rows;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace responses_proxy
