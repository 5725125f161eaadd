#include "proxy/exchange_context.h"

#include <utility>

#include "core/request_id.h"
#include "core/utf8_text.h"

namespace responses_proxy {

ExchangeContext::ExchangeContext(const Config& of_proxy, const ProxyOptions& given,
                                 const ExchangeLoop& here, Request&& received,
                                 std::shared_ptr<ResponseWriter> writer,
                                 std::shared_ptr<ClientTurn> of_socket, ResponseObserver& observer)
    : config(of_proxy),
      dependencies(given),
      loop(here),
      request(std::move(received)),
      capture(config),
      mask(loop.secrets.mask(), request.headers),
      turn(std::move(of_socket)),
      downstream(std::move(writer), turn ? &turn->answer() : nullptr, observer, capture),
      arrived(dependencies.clock.steady()) {
  record.created_at = dependencies.clock.wall();
  record.request_id = new_request_id(record.created_at, dependencies.random);
  record.client_request_id =
      bounded_id(utf8_text(request.headers.get("x-request-id"), std::string::npos));
  record.method = turn ? "WEBSOCKET" : request.method;
  record.path = request.path;
  record.request_bytes = static_cast<std::int64_t>(turn ? turn->bytes() : request.body.size());
}

bool ExchangeContext::pinned() const {
  return !affinity.required.empty() && config.response_affinity == ResponseAffinityMode::require &&
         !history && !items_known;
}

std::chrono::microseconds ExchangeContext::elapsed() const {
  return std::chrono::duration_cast<std::chrono::microseconds>(dependencies.clock.steady() -
                                                               arrived);
}

}  // namespace responses_proxy
