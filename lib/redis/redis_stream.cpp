#include "redis/redis_stream.h"

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <iterator>
#include <string>
#include <utility>

namespace responses_proxy {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Socket = asio::generic::stream_protocol::socket;

// Connects the socket below whatever is spoken over it. The owner keeps it alive meanwhile.
class Connector {
 public:
  Connector(asio::io_context& context, const RedisOptions& options)
      : options_(options), resolver_(context) {}

  void connect(Socket& socket, std::size_t attempt, RedisStream::Done done) {
    if (!options_.unix_socket.empty()) {
      socket.async_connect(asio::local::stream_protocol::endpoint(options_.unix_socket),
                           std::move(done));
      return;
    }
    // Asio looks names up on a thread of its own, so the loop does not wait for DNS.
    resolver_.async_resolve(
        options_.host, std::to_string(options_.port),
        [&socket, attempt, done = std::move(done)](
            error_code error, const asio::ip::tcp::resolver::results_type& found) mutable {
          if (error) return done(error);
          const auto address =
              std::next(found.begin(), static_cast<std::ptrdiff_t>(attempt % found.size()));
          socket.async_connect(address->endpoint(),
                               [&socket, done = std::move(done)](error_code connect_error) {
                                 error_code ignored;
                                 if (!connect_error)
                                   socket.set_option(asio::ip::tcp::no_delay(true), ignored);
                                 done(connect_error);
                               });
        });
  }
  void cancel() { resolver_.cancel(); }

 private:
  const RedisOptions options_;
  asio::ip::tcp::resolver resolver_;
};

class PlainStream final : public RedisStream {
 public:
  PlainStream(asio::io_context& context, const RedisOptions& options)
      : connector_(context, options), socket_(context) {}

  void connect(std::size_t attempt, Done done) override {
    connector_.connect(socket_, attempt, std::move(done));
  }
  void read_some(asio::mutable_buffer buffer, Transferred done) override {
    socket_.async_read_some(buffer, std::move(done));
  }
  void write(asio::const_buffer buffer, Transferred done) override {
    asio::async_write(socket_, buffer, std::move(done));
  }
  void close() override {
    connector_.cancel();
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  Connector connector_;
  Socket socket_;
};

// The certificate must be valid for the host and lead to a CA the system trusts (or SSL_CERT_FILE).
class TlsStream final : public RedisStream {
 public:
  TlsStream(asio::io_context& context, const RedisOptions& options)
      : host_(options.host),
        connector_(context, options),
        tls_(asio::ssl::context::tls_client),
        stream_(context, trusting(tls_)) {
    stream_.set_verify_callback(asio::ssl::host_name_verification(host_));
    error_code no_address;
    asio::ip::make_address(host_, no_address);
    if (no_address) SSL_set_tlsext_host_name(stream_.native_handle(), host_.c_str());
  }

  void connect(std::size_t attempt, Done done) override {
    connector_.connect(stream_.next_layer(), attempt,
                       [this, done = std::move(done)](error_code error) mutable {
                         if (error) return done(error);
                         stream_.async_handshake(asio::ssl::stream_base::client, std::move(done));
                       });
  }
  void read_some(asio::mutable_buffer buffer, Transferred done) override {
    stream_.async_read_some(buffer, std::move(done));
  }
  void write(asio::const_buffer buffer, Transferred done) override {
    asio::async_write(stream_, buffer, std::move(done));
  }
  void close() override {
    connector_.cancel();
    error_code ignored;
    stream_.next_layer().close(ignored);
  }

 private:
  static asio::ssl::context& trusting(asio::ssl::context& tls) {
    error_code ignored;  // nothing trusted: every handshake fails and says so
    tls.set_default_verify_paths(ignored);
    tls.set_verify_mode(asio::ssl::verify_peer);
    tls.set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
    return tls;
  }

  const std::string host_;
  Connector connector_;
  asio::ssl::context tls_;
  asio::ssl::stream<Socket> stream_;
};

}  // namespace

std::shared_ptr<RedisStream> make_redis_stream(boost::asio::io_context& context,
                                               const RedisOptions& options) {
  if (options.tls) return std::make_shared<TlsStream>(context, options);
  return std::make_shared<PlainStream>(context, options);
}

}  // namespace responses_proxy
