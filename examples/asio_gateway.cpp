// Level 3 on the host's own event loop: one io_context, one thread, the host's listener and the
// library side by side.
//
//   OPENAI_API_KEY=sk-... ./asio_gateway 8080
#include <boost/asio/signal_set.hpp>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <utility>

#include "asio_connection.h"
#include "responses_proxy/event_loop.h"
#include "responses_proxy/responses_proxy.h"

using namespace responses_proxy;
using boost::asio::ip::tcp;

namespace {

void accept(tcp::acceptor& acceptor, Proxy& proxy) {
  acceptor.async_accept([&](boost::system::error_code problem, tcp::socket socket) {
    if (problem) return;
    std::make_shared<example::Connection>(std::move(socket), proxy)->serve();
    accept(acceptor, proxy);
  });
}

}  // namespace

int main(int argc, char** argv) {
  const LoadedConfig loaded = load_config(process_environment());
  for (const ConfigError& error : loaded.errors)
    std::fprintf(stderr, "%s\n", error.message.c_str());
  if (!loaded.errors.empty()) return 2;

  boost::asio::io_context context(1);
  EventLoop loop(context);
  EventLoops loops({&loop});
  Runtime runtime(loaded.config, {.loops = &loops});
  runtime.start();

  const auto port = static_cast<unsigned short>(argc > 1 ? std::atoi(argv[1]) : 8080);  // NOLINT
  tcp::acceptor acceptor(context, {boost::asio::ip::address_v4::loopback(), port});
  accept(acceptor, runtime.proxy());
  boost::asio::signal_set signals(context, SIGINT, SIGTERM);
  signals.async_wait([&](auto, auto) { context.stop(); });
  std::printf("asio gateway listening on http://127.0.0.1:%d\n", acceptor.local_endpoint().port());
  std::fflush(stdout);
  context.run();
  runtime.stop();
  return 0;
}
