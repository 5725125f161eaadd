// Dialects: those a proxy speaks, by name.
//
// Ownership  References only: whoever made the dialects keeps them for as long.
// Threads    Filled before it is shared, then safe from any thread.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "responses_proxy/dialect.h"
#include "responses_proxy/export.h"

namespace RP_PUBLIC responses_proxy {

class Dialects {
 public:
  Dialects() = default;
  Dialects(std::initializer_list<const Dialect*> dialects) : dialects_(dialects) {}

  // The one added last counts among those with the same name.
  void add(const Dialect& dialect) { dialects_.insert(dialects_.begin(), &dialect); }
  // Null: nobody here speaks it.
  const Dialect* find(std::string_view wire_api) const {
    const auto found =
        std::find_if(dialects_.begin(), dialects_.end(),
                     [wire_api](const Dialect* one) { return one->name() == wire_api; });
    return found == dialects_.end() ? nullptr : *found;
  }
  // What the one that the resource is spoken to in reads of it; see Dialect::settings.
  std::shared_ptr<const DialectSettings> settings(const Resource& resource, std::string_view model,
                                                  std::string_view capabilities) const {
    const Dialect* dialect = find(resource.wire_api);
    return dialect != nullptr ? dialect->settings(resource, model, capabilities) : nullptr;
  }
  // Each once, in the order in which they were first added.
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (auto one = dialects_.rbegin(); one != dialects_.rend(); ++one) {
      const std::string_view name = (*one)->name();
      if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
    }
    return names;
  }

 private:
  std::vector<const Dialect*> dialects_;  // a handful
};

}  // namespace responses_proxy
