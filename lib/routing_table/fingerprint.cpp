#include "routing_table/fingerprint.h"

#include <fmt/format.h>

#include "core/sha256.h"

namespace responses_proxy {

std::string fingerprint(const Resource& resource) {
  constexpr std::size_t kDigits = 16;
  return sha256_hex(fmt::format("{}\n{}\n{}", resource.base_url, resource.wire_api,
                                resource.credential.reveal()))
      .substr(0, kDigits);
}

}  // namespace responses_proxy
