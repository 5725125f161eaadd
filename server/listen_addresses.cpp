#include "server/listen_addresses.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace responses_proxy {

using boost::asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr int kTries = 16;  // for a free port that is free on every address

using ReusePort = boost::asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

// What is to be done about it, "" = nobody knows.
std::string remedy(const error_code& error) {
  if (error == boost::asio::error::address_in_use) {
    return "; another program listens there: stop it, or choose another port (0 takes a free one)";
  }
  if (error == boost::asio::error::access_denied) {
    return "; ports below 1024 need a privilege: choose another port, or give the program "
           "CAP_NET_BIND_SERVICE";
  }
  if (error == boost::system::errc::address_not_available) {
    return "; this machine has no such address (0.0.0.0 stands for every one it has)";
  }
  return {};
}

[[noreturn]] void fail(const tcp::endpoint& endpoint, const error_code& error) {
  const bool v6 = endpoint.address().is_v6();
  const auto about =
      error == boost::asio::error::address_in_use || error == boost::asio::error::access_denied
          ? ListenError::About::port
          : ListenError::About::host;
  throw ListenError(about, fmt::format("cannot listen on {}{}{}:{}: {}{}", v6 ? "[" : "",
                                       endpoint.address().to_string(), v6 ? "]" : "",
                                       endpoint.port(), error.message(), remedy(error)));
}

bool is_missing_here(const error_code& error) {
  return error == boost::system::errc::address_not_available ||
         error == boost::asio::error::address_family_not_supported;
}

error_code bind(tcp::acceptor& acceptor, const tcp::endpoint& endpoint, bool shared) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && shared) acceptor.set_option(ReusePort(true), error);
  if (!error) acceptor.bind(endpoint, error);
  return error;
}

// SO_REUSEPORT lets a second process bind the same port without a word; this finds out.
error_code probe(const tcp::endpoint& endpoint) {
  boost::asio::io_context context;
  tcp::acceptor acceptor(context);
  return bind(acceptor, endpoint, false);
}

// Those that this machine has.
ListenEndpoints present(const ListenEndpoints& endpoints) {
  ListenEndpoints found;
  std::optional<error_code> missing;
  for (const tcp::endpoint& endpoint : endpoints) {
    const error_code error = probe(endpoint);
    if (is_missing_here(error)) {
      missing = error;
    } else if (error) {
      fail(endpoint, error);
    } else {
      found.push_back(endpoint);
    }
  }
  if (found.empty()) fail(endpoints.front(), missing.value_or(error_code()));
  return found;
}

std::vector<Acceptors> bind_all(const std::vector<boost::asio::io_context*>& contexts,
                                ListenEndpoints endpoints) {
  std::vector<Acceptors> all(contexts.size());
  for (tcp::endpoint& endpoint : endpoints) {
    for (std::size_t i = 0; i < contexts.size(); ++i) {
      tcp::acceptor acceptor(*contexts[i]);
      error_code error = bind(acceptor, endpoint, true);
      if (!error) acceptor.listen(boost::asio::socket_base::max_listen_connections, error);
      if (error) fail(endpoint, error);
      endpoint.port(acceptor.local_endpoint().port());
      all[i].push_back(std::move(acceptor));
    }
    // The others on the port that the first one got.
    for (tcp::endpoint& other : endpoints) other.port(endpoint.port());
  }
  return all;
}

tcp::endpoint endpoint_of(int socket) {
  tcp::endpoint endpoint;
  auto size = static_cast<socklen_t>(endpoint.capacity());
  ::getsockname(socket, endpoint.data(), &size);
  endpoint.resize(size);
  return endpoint;
}

}  // namespace

ListenEndpoints listen_endpoints(const ListenPlace& place) {
  if (place.sockets.empty()) return listen_endpoints(place.host, place.port);
  ListenEndpoints endpoints;
  for (const int socket : place.sockets) endpoints.push_back(endpoint_of(socket));
  return endpoints;
}

ListenEndpoints listen_endpoints(const std::string& host, std::uint16_t port) {
  error_code error;
  const auto address = boost::asio::ip::make_address(host, error);
  if (!error) return {{address, port}};
  boost::asio::io_context context;
  const auto found = tcp::resolver(context).resolve(host, std::to_string(port), error);
  if (error || found.empty()) {
    throw ListenError(ListenError::About::host,
                      fmt::format("cannot listen on {}: {}", host, error.message()));
  }
  ListenEndpoints endpoints;
  for (const auto& entry : found) {
    if (std::find(endpoints.begin(), endpoints.end(), entry.endpoint()) == endpoints.end()) {
      endpoints.push_back(entry.endpoint());
    }
  }
  return endpoints;
}

bool all_loopback(const ListenEndpoints& endpoints) {
  return std::all_of(endpoints.begin(), endpoints.end(), [](const tcp::endpoint& endpoint) {
    return endpoint.address().is_loopback();
  });
}

void check_free(const ListenEndpoints& endpoints) {
  present(endpoints);
}

std::vector<Acceptors> listen_on(const std::vector<boost::asio::io_context*>& contexts,
                                 const ListenEndpoints& endpoints) {
  const ListenEndpoints here = present(endpoints);
  for (int attempt = 1;; ++attempt) {
    try {
      return bind_all(contexts, here);
    } catch (const ListenError&) {
      if (here.front().port() != 0 || attempt == kTries) throw;
    }
  }
}

std::vector<Acceptors> accept_from(const std::vector<boost::asio::io_context*>& contexts,
                                   const std::vector<int>& sockets) {
  std::vector<Acceptors> all(contexts.size());
  for (const int socket : sockets) {
    const tcp::endpoint endpoint = endpoint_of(socket);
    for (std::size_t i = 0; i < contexts.size(); ++i) {
      tcp::acceptor acceptor(*contexts[i]);
      error_code error;
      acceptor.assign(endpoint.protocol(), ::fcntl(socket, F_DUPFD_CLOEXEC, 0), error);
      if (error) fail(endpoint, error);
      all[i].push_back(std::move(acceptor));
    }
  }
  return all;
}

}  // namespace responses_proxy
