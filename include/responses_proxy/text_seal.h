// TextSeal: texts that go through a client's hands and come back, for nobody but this proxy.
//
// Role       Seals what stands in a `compaction` item. Replicas with the same keys open each
//            other's.
// Threads    Immutable: any thread.
// Errors     As values: what cannot be opened is nothing, whatever the reason.
// Blocking   Never; cost is linear in the bytes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "responses_proxy/export.h"
#include "responses_proxy/secret.h"

namespace RP_PUBLIC responses_proxy {

class TextSeal {
 public:
  virtual ~TextSeal() = default;
  // nullopt: the operating system has no randomness to give.
  virtual std::optional<std::string> seal(std::string_view text) const = 0;
  // nullopt: sealed with another key, or changed.
  virtual std::optional<std::string> open(std::string_view sealed) const = 0;
};

// AES-256-GCM with the keys of PROXY_SECRET_ENCRYPTION_KEY, as they stand there (base64): the first
// one seals, each of them opens. Null: there are none.
std::unique_ptr<TextSeal> make_text_seal(const std::vector<Secret>& keys);

}  // namespace responses_proxy
