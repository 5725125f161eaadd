// Whatever stands in a registry file, or in the body of an admin request: it is refused with
// reasons, or what it makes can be stored, read back and routed to.
#include <string>

#include "fuzz_input.h"
#include "registry/alias_json.h"
#include "registry/build_routing.h"
#include "registry/provider_json.h"
#include "registry/registry_file.h"
#include "registry/registry_rows.h"

namespace responses_proxy::fuzz {

void run(FuzzInput input) {
  const RegistryFile file = parse_registry_file(input.rest(), {.wire_apis = {"responses"}});
  if (!file.problems.empty()) return;
  for (const auto& [id, provider] : file.contents.providers) {
    const Json document = to_document(provider.value);
    require(to_document(provider_of_document(document)) == document);
    require(!id.empty());
  }
  for (const auto& [name, alias] : file.contents.aliases) {
    const Json document = to_document(alias.value);
    require(to_document(alias_of_document(document)) == document);
    require(!alias.value.targets.empty());
  }
  const SecretBox none;
  const BuiltRouting built = build_routing(file.contents, {none, {}, {}});
  for (const Resource& resource : built.resources) require(!resource.id.empty());
}

}  // namespace responses_proxy::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  responses_proxy::fuzz::run({data, size});
  return 0;
}
