// Origin: where requests of one scheme, host and port go, or of one Unix socket; looked at once.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "responses_proxy/upstream_client.h"
#include "upstream/native/tls_session.h"
#include "upstream/socket_target.h"

namespace responses_proxy {

class NativeConnection;

struct Origin {
  SocketTarget target;                                  // without a path
  std::string unix_socket;                              // "" = TCP
  std::vector<std::shared_ptr<NativeConnection>> idle;  // the pool's, oldest first
  TlsSessions sessions;
};

// The part of a URL behind the authority, as it goes up.
std::string_view path_of(std::string_view url);

// All origins that a client has been asked for.
class Origins {
 public:
  // Beyond it, those that are not in use are forgotten.
  static constexpr std::size_t kMaxOrigins = 512;

  // null: the URL is none that a request could go to.
  std::shared_ptr<Origin> find(const UpstreamRequest& request);
  // For whoever holds connections of them.
  template <class Visit>
  void for_each(Visit visit) {
    for (auto& [key, origin] : origins_) visit(*origin);
  }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const {
      return std::hash<std::string_view>()(key);
    }
  };

  std::shared_ptr<Origin> find_key(std::string_view key, std::string_view prefix,
                                   const std::string& unix_socket);

  std::unordered_map<std::string, std::shared_ptr<Origin>, Hash, std::equal_to<>> origins_;
};

}  // namespace responses_proxy
