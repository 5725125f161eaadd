// DialectSettings: what a dialect has read out of what is configured of one target, once for a
// routing table instead of once for each request.
//
// Role       A dialect derives a type of its own from it and finds it again in Turn::settings. A
//            RoutingTable is given a reader that asks the dialects (Dialect::settings); without one
//            a dialect reads for each request.
// Threads    Immutable.
// Ownership  The routing table's, as long as the target.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "responses_proxy/export.h"
#include "responses_proxy/resource.h"

namespace RP_PUBLIC responses_proxy {

class DialectSettings {
 public:
  virtual ~DialectSettings() = default;

 protected:
  DialectSettings() = default;
  DialectSettings(const DialectSettings&) = default;
  DialectSettings& operator=(const DialectSettings&) = default;
};

// Of a target: its resource, its name for the model ("" = whatever a request says), and what is
// known of the model there. Null: they follow from the request as well, or there are none.
using ReadSettings = std::function<std::shared_ptr<const DialectSettings>(
    const Resource& resource, std::string_view model, std::string_view capabilities)>;

}  // namespace responses_proxy
