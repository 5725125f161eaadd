#include "core/address_walk.h"

namespace responses_proxy {

namespace {

namespace errors = boost::asio::error;

int rank(const boost::system::error_code& error) {
  // This machine has no way there, which says nothing about the server.
  if (error == errors::network_unreachable || error == errors::host_unreachable ||
      error == errors::address_family_not_supported ||
      error == boost::system::errc::address_not_available) {
    return 0;
  }
  return error == errors::timed_out ? 1 : 2;
}

}  // namespace

bool tells_more(const boost::system::error_code& error, const boost::system::error_code& than) {
  return rank(error) > rank(than);
}

}  // namespace responses_proxy
