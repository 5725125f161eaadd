#include "sim/exchange/socket_provider.h"

#include <fmt/format.h>

#include <algorithm>

namespace responses_proxy::sim {

namespace {

std::string error_message_of(const ErrorAnswer& error) {
  return fmt::format(R"({{"type":"error","status":{},"error":{{"code":"{}","message":"no"}}}})",
                     error.status, error.code);
}

}  // namespace

void SocketProvider::look() {
  for (; seen_ < sockets_.connections.size(); ++seen_) {
    links_.push_back(std::make_shared<Link>(sockets_.connections[seen_]));
    script_.after(draw_.pause(), [this, link = links_.back()] { open(link); });
  }
  std::erase_if(links_, [](const auto& link) { return link->over(); });
  for (const auto& link : links_) read(link);
}

std::size_t SocketProvider::connections_left() const {
  return static_cast<std::size_t>(std::count_if(
      links_.begin(), links_.end(), [](const auto& link) { return !link->connection->gone(); }));
}

void SocketProvider::open(const std::shared_ptr<Link>& link) {
  if (link->over()) return;
  UpstreamSocketOpen result;
  switch (draw_.by_weight({85, 5, 7, 3})) {
    case 0:
      result.status = 101;
      link->open = true;
      break;
    case 1: {
      static const std::vector<UpstreamError> kNoConnection{
          UpstreamError::connect_refused, UpstreamError::connect_timeout, UpstreamError::closed};
      result.error = draw_.one_of(kNoConnection);
      break;
    }
    case 2: {
      const ErrorAnswer error = draw_error(draw_);
      result.status = error.status;
      result.headers = error.headers;
      result.body = error_json(error);
      break;
    }
    default:
      result.status = 426;  // it speaks no WebSocket
  }
  link->closed = !link->open;
  link->connection->open(result);
}

void SocketProvider::read(const std::shared_ptr<Link>& link) {
  while (link->open && link->read < link->connection->sent.size()) {
    const std::string message = link->connection->sent[link->read++];
    if (text_member(message, "type") == "response.create") answer(*link, message);
  }
  if (!link->to_say.empty() && !link->talking && !link->connection->paused) talk(link);
}

void SocketProvider::answer(Link& link, const std::string& message) {
  const std::string account = account_of_key(link.connection->request.headers.get("authorization"));
  const std::string previous = text_member(message, "previous_response_id");
  if (!previous.empty() && previous != link.latest_response) {
    link.to_say.push_back(error_message_of(not_found_error()));
    return;
  }
  switch (draw_.by_weight({80, 8, 5, 3, 2, 2})) {
    case 1:
      link.to_say.push_back(error_message_of(draw_error(draw_)));
      return;
    case 2:  // lost before the answer
      link.to_say.emplace_back();
      return;
    case 3:
      link.to_say.emplace_back("no JSON");
      return;
    case 4:
      link.to_say.push_back(error_message_of({400, "websocket_connection_limit_reached", {}}));
      return;
    case 5:  // silence: a time-out ends it
      return;
    default:
      break;
  }
  const EventList list = draw_events(draw_, memory_.new_response(account));
  link.latest_response = list.completed ? list.response_id : "";
  for (const std::string& event : list.events) {
    if (draw_.chance(2)) {  // lost in the middle
      link.to_say.emplace_back();
      return;
    }
    link.to_say.push_back(event);
  }
  if (!list.has_end) link.to_say.emplace_back();
  if (draw_.chance(5)) link.to_say.emplace_back(R"({"type":"keepalive"})");
}

void SocketProvider::talk(const std::shared_ptr<Link>& link) {
  link->talking = true;
  script_.after(draw_.pause(), [this, link] {
    link->talking = false;
    if (link->over() || link->connection->paused) return;
    const std::string message = std::move(link->to_say.front());
    link->to_say.pop_front();
    if (!message.empty()) return link->connection->say(message);
    link->closed = true;
    link->connection->close(draw_.chance(50) ? 1006 : 1011);
  });
}

}  // namespace responses_proxy::sim
