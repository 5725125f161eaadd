#include "proxy/aside.h"

#include <memory>
#include <string>
#include <utility>

#include "proxy/exchange_context.h"

namespace responses_proxy {

void aside(HelperThreads& helpers, EventLoop& loop, bool large, std::function<void()> work,
           std::function<void()> then) {
  struct Job {
    std::function<void()> work;
    std::function<void()> then;
  };
  const auto job = std::make_shared<Job>(Job{std::move(work), std::move(then)});
  const bool taken = large && helpers.run([&loop, job] {
    job->work();
    job->work = nullptr;  // what it holds may be large as well
    loop.post([job] { std::exchange(job->then, nullptr)(); });
  });
  if (taken) return;
  job->work();
  job->then();
}

namespace {

Task<> elsewhere(ExchangeContext& exchange, std::function<void()> work) {
  bool done = false;
  aside(exchange.loop.helpers, exchange.loop.loop, true, std::move(work), [&exchange, &done] {
    done = true;
    exchange.progress.fire();
  });
  while (!done) co_await exchange.progress;
}

}  // namespace

Task<> aside(ExchangeContext& exchange, bool large, std::function<void()> work) {
  if (large) return elsewhere(exchange, std::move(work));
  work();
  return ready();
}

void release_body(ExchangeContext& exchange) {
  for (std::string* body : {&exchange.request.body, &exchange.translated_body}) {
    std::string unused = std::exchange(*body, {});
    if (unused.size() > kLargeBody) exchange.loop.helpers.run([unused = std::move(unused)] {});
  }
}

}  // namespace responses_proxy
