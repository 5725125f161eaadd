#include "core/private_address.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "core/ascii_case.h"

namespace responses_proxy {

namespace {

namespace ip = boost::asio::ip;

struct Network {
  std::uint32_t prefix;
  unsigned bits;
};

// RFC 6890 and those it lists later, as far as they are not the public internet.
constexpr std::array<Network, 12> kNetworks{{{0x00000000, 8},     // "this network"
                                             {0x0A000000, 8},     // private
                                             {0x64400000, 10},    // shared by carriers
                                             {0x7F000000, 8},     // loopback
                                             {0xA9FE0000, 16},    // link-local
                                             {0xAC100000, 12},    // private
                                             {0xC0000000, 24},    // protocol assignments
                                             {0xC0A80000, 16},    // private
                                             {0xC6120000, 15},    // benchmarks
                                             {0xE0000000, 4},     // multicast
                                             {0xF0000000, 4},     // reserved, broadcast
                                             {0xC0586300, 24}}};  // 6to4 relays

bool is_private(std::uint32_t address) {
  return std::any_of(kNetworks.begin(), kNetworks.end(), [address](const Network& network) {
    return (address ^ network.prefix) >> (32 - network.bits) == 0;
  });
}

std::uint32_t word(const ip::address_v6::bytes_type& bytes, std::size_t at) {
  return static_cast<std::uint32_t>(bytes[at]) << 24 |
         static_cast<std::uint32_t>(bytes[at + 1]) << 16 |
         static_cast<std::uint32_t>(bytes[at + 2]) << 8 | bytes[at + 3];
}

bool is_private(const ip::address_v6& address) {
  const auto bytes = address.to_bytes();
  const bool no_prefix = word(bytes, 0) == 0 && word(bytes, 4) == 0;
  // ::ffff:0:0/96 (mapped), ::/96 (compatible; ::1 and :: among them)
  if (no_prefix && (word(bytes, 8) == 0x0000FFFF || word(bytes, 8) == 0)) {
    return is_private(word(bytes, 12));
  }
  // 64:ff9b::/96 (NAT64)
  if (word(bytes, 0) == 0x0064FF9B && word(bytes, 4) == 0 && word(bytes, 8) == 0) {
    return is_private(word(bytes, 12));
  }
  const std::uint32_t first = word(bytes, 0);
  if (first >> 16 == 0x2002) return is_private(first << 16 | word(bytes, 4) >> 16);  // 6to4
  // Global unicast is 2000::/3; everything else is local, multicast or reserved.
  return first >> 29 != 1;
}

std::string_view host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  if (const std::size_t at = url.rfind('@'); at != std::string_view::npos)
    url.remove_prefix(at + 1);
  if (url.starts_with('[')) return url.substr(1, std::min(url.find(']'), url.size()) - 1);
  return url.substr(0, url.find(':'));
}

}  // namespace

bool is_private_address(const ip::address& address) {
  return address.is_v4() ? is_private(address.to_v4().to_uint()) : is_private(address.to_v6());
}

bool names_private_address(std::string_view url) {
  const std::string host = ascii_lower(host_of(url));
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  boost::system::error_code problem;
  const auto address = ip::make_address(host, problem);
  return !problem && is_private_address(address);
}

}  // namespace responses_proxy
