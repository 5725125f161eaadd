// What a resource points at, in a few digits.
#pragma once

#include <string>

#include "responses_proxy/resource.h"

namespace responses_proxy {

// Of base URL, wire format and key: another one as soon as any of them is. 16 digits of a SHA-256,
// so that the key cannot be had from it.
std::string fingerprint(const Resource& resource);

}  // namespace responses_proxy
