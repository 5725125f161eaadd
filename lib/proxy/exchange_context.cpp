#include "proxy/exchange_context.h"

#include <cstdint>
#include <utility>

#include "core/append_number.h"
#include "core/utf8_text.h"

namespace responses_proxy {

namespace {

// Ids that sort by time keep the database's index writes together.
std::string new_request_id(WallTime now, Random& random) {
  const auto since_epoch = std::chrono::duration_cast<Millis>(now.time_since_epoch());
  std::string id = "req_";
  id.reserve(id.size() + 28);
  append_number(id, static_cast<std::uint64_t>(since_epoch.count()), 16, 12);
  append_number(id, random.next(), 16, 16);
  return id;
}

}  // namespace

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
