#include "codex/codex_catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "codex/catalog_entry.h"
#include "codex/model_object.h"
#include "core/sha256.h"

namespace responses_proxy {

namespace {

// Behind the models of the base, whose numbers are smaller.
constexpr std::int32_t kFirstPriority = 1'000;
constexpr std::size_t kEtagDigits = 16;
constexpr std::string_view kPassthrough = "responses";

// Which wire formats stand behind an alias.
class WireFormats {
 public:
  explicit WireFormats(std::span<const Resource> resources) : resources_(resources) {
    for (const Resource& resource : resources) {
      bool& translated = by_provider_[resource.provider_id];
      translated = translated || resource.wire_api != kPassthrough;
    }
  }

  // Nothing there counts as translated: what stays off then harms nobody.
  bool translated(const ModelAlias& alias) const {
    return alias.targets.empty() ||
           std::any_of(alias.targets.begin(), alias.targets.end(),
                       [this](const TargetRule& rule) { return translated(rule); });
  }

 private:
  bool translated(const TargetRule& rule) const {
    if (!rule.provider_id.empty() && rule.pool_id.empty()) {
      const auto found = by_provider_.find(rule.provider_id);
      return found == by_provider_.end() || found->second;
    }
    const auto& ids = rule.resource_ids;
    return std::any_of(resources_.begin(), resources_.end(), [&](const Resource& resource) {
      const bool meant = rule.pool_id.empty() ? ids.empty() || std::find(ids.begin(), ids.end(),
                                                                         resource.id) != ids.end()
                                              : rule.pool_id == resource.pool_id;
      return meant && resource.wire_api != kPassthrough;
    });
  }

  const std::span<const Resource> resources_;
  std::map<std::string_view, bool> by_provider_;  // one of its resources is translated
};

// The model that all targets of an alias name; "" if they name several.
std::string_view model_behind(const ModelAlias& alias) {
  std::string_view model;
  for (const TargetRule& rule : alias.targets) {
    const std::string_view named = rule.model.empty() ? alias.name : rule.model;
    if (!model.empty() && named != model) return {};
    model = named;
  }
  return model;
}

class Lists {
 public:
  // false: the name stands there already.
  bool begin(std::string_view name) {
    if (!names_.insert(name).second) return false;
    append(data_, dump(model_object(std::string(name))));
    return true;
  }
  void add(std::string_view entry) { append(models_, entry); }

  std::shared_ptr<const ModelCatalog> catalog() const {
    auto made = std::make_shared<ModelCatalog>();
    made->json = fmt::format(R"({{"object":"list","data":[{}],"models":[{}]}})", data_, models_);
    made->etag = fmt::format("\"{}\"", sha256_hex(made->json).substr(0, kEtagDigits));
    return made;
  }

 private:
  static void append(std::string& list, std::string_view element) {
    if (!list.empty()) list += ',';
    list += element;
  }

  std::string data_;
  std::string models_;
  std::set<std::string_view> names_;
};

// In the order of the first of each name.
std::vector<const ModelAlias*> without_repeated(std::span<const ModelAlias> aliases) {
  std::map<std::string_view, std::size_t> positions;
  std::vector<const ModelAlias*> once;
  for (const ModelAlias& alias : aliases) {
    const auto [found, fresh] = positions.emplace(alias.name, once.size());
    if (fresh) once.push_back(nullptr);
    once[found->second] = &alias;
  }
  return once;
}

bool takes_other_models(std::span<const Resource> resources) {
  return std::any_of(resources.begin(), resources.end(),
                     [](const Resource& resource) { return !resource.registered; });
}

}  // namespace

std::shared_ptr<const ModelCatalog> CodexCatalog::of(std::span<const Resource> resources,
                                                     std::span<const ModelAlias> aliases) const {
  const WireFormats formats(resources);
  Lists lists;
  std::size_t copied = 0;
  std::int32_t priority = kFirstPriority;
  for (const ModelAlias* alias : without_repeated(aliases)) {
    const bool translated = formats.translated(*alias);
    const CatalogEntry* known = base_.find(alias->name);
    if (known == nullptr && !translated) known = base_.find(model_behind(*alias));
    if (known != nullptr && (copied += known->text.size()) > kMaxCopied) known = nullptr;
    EntryOf entry{alias->name, alias->display_name, priority++, {}, translated};
    if (!alias->targets.empty()) entry.capabilities = alias->targets.front().capabilities;
    lists.begin(alias->name);
    lists.add(dump(catalog_entry(entry, known == nullptr ? nullptr : &known->json)));
  }
  if (!takes_other_models(resources)) return lists.catalog();
  for (const CatalogEntry& entry : base_.entries) {
    if (lists.begin(entry.slug)) lists.add(entry.text);
  }
  return lists.catalog();
}

}  // namespace responses_proxy
