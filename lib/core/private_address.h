// Which addresses are not those of the public internet.
#pragma once

#include <string_view>

#include <boost/asio/ip/address.hpp>

namespace responses_proxy {

// This machine, private and link-local networks, and what is no unicast address at all; an IPv4
// address inside of an IPv6 one counts as itself.
bool is_private_address(const boost::asio::ip::address& address);

// The URL's host is such an address, or a name of this machine. What a name stands for shows only
// when it is connected to.
bool names_private_address(std::string_view url);

}  // namespace responses_proxy
