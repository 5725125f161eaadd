#include "proxy/aside.h"

#include <string>
#include <utility>

#include "proxy/exchange_context.h"

namespace responses_proxy {

Task<> aside(ExchangeContext& exchange, bool large, std::function<void()> work) {
  bool done = false;
  // This coroutine keeps `work` and the exchange until the loop has heard of the end.
  const bool taken = large && exchange.loop.helpers.run([&exchange, &work, &done] {
    work();
    exchange.loop.loop.post([&exchange, &done] {
      done = true;
      exchange.progress.fire();
    });
  });
  if (!taken) {
    work();
    co_return;
  }
  while (!done) co_await exchange.progress;
}

void release_body(ExchangeContext& exchange) {
  for (std::string* body : {&exchange.request.body, &exchange.translated_body}) {
    std::string unused = std::exchange(*body, {});
    if (unused.size() > kLargeBody) exchange.loop.helpers.run([unused = std::move(unused)] {});
  }
}

}  // namespace responses_proxy
