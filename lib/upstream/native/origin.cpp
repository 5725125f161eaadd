#include "upstream/native/origin.h"

#include <algorithm>
#include <functional>

namespace responses_proxy {

namespace {

// Scheme and authority: all that stands before the path.
std::string_view prefix_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return url;
  const std::string_view behind = url.substr(scheme + 3);
  const auto end = std::find_if(behind.begin(), behind.end(),
                                [](char c) { return c == '/' || c == '?' || c == '#'; });
  return url.substr(0, scheme + 3 + static_cast<std::size_t>(end - behind.begin()));
}

// What would end the request line, or the target in it.
bool can_go_up(std::string_view path) {
  return std::none_of(path.begin(), path.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= ' ' || byte == 0x7f;
  });
}

}  // namespace

std::string_view path_of(std::string_view url) {
  const std::string_view path = url.substr(prefix_of(url).size());
  return path.substr(0, path.find('#'));
}

std::shared_ptr<Origin> Origins::find(const UpstreamRequest& request) {
  if (!can_go_up(path_of(request.url))) return nullptr;
  const std::string_view prefix = prefix_of(request.url);
  if (request.unix_socket.empty()) return find_key(prefix, prefix, {});
  return find_key(request.unix_socket + '\n' + std::string(prefix), prefix, request.unix_socket);
}

std::shared_ptr<Origin> Origins::find_key(std::string_view key, std::string_view prefix,
                                          const std::string& unix_socket) {
  if (const auto found = origins_.find(key); found != origins_.end()) return found->second;
  auto target = parse_socket_target(std::string(prefix));
  if (!target) return nullptr;
  if (origins_.size() >= kMaxOrigins) {
    std::erase_if(origins_, [](const auto& entry) { return entry.second.use_count() == 1; });
  }
  auto origin = std::make_shared<Origin>();
  origin->target = std::move(*target);
  origin->unix_socket = unix_socket;
  origins_.emplace(key, origin);
  return origin;
}

}  // namespace responses_proxy
