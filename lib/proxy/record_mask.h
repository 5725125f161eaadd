// RecordMask: takes credentials out of what an exchange leaves behind: its record, its decisions,
// the reasons in a resource's state, the ids it is remembered by.
//
// Both ends can put one there: an upstream echoes the key it was called with in an error code, an
// id or a header; a client's own token can stand in its session's name.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/secret_mask.h"
#include "responses_proxy/config.h"
#include "responses_proxy/request.h"
#include "responses_proxy/request_record.h"
#include "responses_proxy/router.h"

namespace responses_proxy {

// The secrets that everybody's requests have in common: those of the configuration and the keys
// that are routed to. One per event loop; the mask is made anew when the routing has changed.
class KnownSecrets {
 public:
  KnownSecrets(const Config& config, RoutingCache& routing) : config_(config), routing_(routing) {}
  std::shared_ptr<const SecretMask> mask();

 private:
  const Config& config_;
  RoutingCache& routing_;
  std::shared_ptr<const RoutingTable> table_;  // that mask_ was made from
  std::shared_ptr<const SecretMask> mask_;
};

class RecordMask {
 public:
  // `from_client`: whose credentials count as secrets as well.
  RecordMask(std::shared_ptr<const SecretMask> known, const Headers& from_client);

  std::string apply(std::string_view text, std::size_t limit = std::string_view::npos) const;
  void apply_to(std::string& word) const;
  // Every word in the record that a client or an upstream has chosen.
  void apply(RequestRecord& record) const;
  // The bodies, and the words that the host chooses. Ids of resources, providers and pools stay:
  // they are looked up by.
  void apply_to_words_of_host(RequestRecord& record) const;

 private:
  std::shared_ptr<const SecretMask> known_;
  std::optional<SecretMask> of_client_;
};

}  // namespace responses_proxy
