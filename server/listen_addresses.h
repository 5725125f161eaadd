// Which addresses a host and port stand for, and listening on all of them; or on sockets that
// listen already.
//
// A name may have several: "localhost" is ::1 and 127.0.0.1, and a client may try either first.
// What this machine does not have (no IPv6) is left out as long as one remains. Blocking   The
// look-up of a name.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace responses_proxy {

// "cannot listen on 127.0.0.1:8000: Address already in use"
class ListenError : public std::runtime_error {
 public:
  enum class About { host, port };
  ListenError(About about, const std::string& message)
      : std::runtime_error(message), about_(about) {}
  About about() const { return about_; }

 private:
  About about_;
};

using ListenEndpoints = std::vector<boost::asio::ip::tcp::endpoint>;
using Acceptors = std::vector<boost::asio::ip::tcp::acceptor>;

// Where clients are awaited.
struct ListenPlace {
  std::string host;
  std::uint16_t port = 0;         // 0 = a free one
  std::vector<int> sockets = {};  // inherited ones (inherited_sockets.h), in place of the two above
};

// At least one; throws ListenError.
ListenEndpoints listen_endpoints(const std::string& host, std::uint16_t port);
ListenEndpoints listen_endpoints(const ListenPlace& place);
bool all_loopback(const ListenEndpoints& endpoints);

// Throws ListenError if something listens there already, or nothing can.
void check_free(const ListenEndpoints& endpoints);

// For each context one acceptor per endpoint (SO_REUSEPORT), all on the same port. Port 0: a free
// one. Throws ListenError.
std::vector<Acceptors> listen_on(const std::vector<boost::asio::io_context*>& contexts,
                                 const ListenEndpoints& endpoints);
// The same for sockets that listen: all contexts accept from each of them.
std::vector<Acceptors> accept_from(const std::vector<boost::asio::io_context*>& contexts,
                                   const std::vector<int>& sockets);

}  // namespace responses_proxy
