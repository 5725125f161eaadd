// The providers over WebSocket: keeps what UpstreamSockets promise, and answers each turn as badly
// as it may.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "fakes/fake_sockets.h"
#include "sim/exchange/answers.h"
#include "sim/exchange/memory.h"
#include "sim/exchange/script.h"

namespace responses_proxy::sim {

class SocketProvider {
 public:
  SocketProvider(testing::FakeSockets& sockets, Script& script, Draw& draw, Memory& memory)
      : sockets_(sockets), script_(script), draw_(draw), memory_(memory) {}

  // Sees what was opened and sent, and who reads again; after every step of the world.
  void look();
  std::size_t connections_left() const;

 private:
  struct Link {
    explicit Link(std::shared_ptr<testing::FakeConnection> made) : connection(std::move(made)) {}
    bool over() const { return connection->gone() || closed; }

    const std::shared_ptr<testing::FakeConnection> connection;
    std::size_t read = 0;            // of the messages sent to it
    std::deque<std::string> to_say;  // messages; "" = it closes
    std::string latest_response;     // what this connection can continue
    bool open = false;
    bool closed = false;   // by the provider: nothing more comes
    bool talking = false;  // its next message is under way
  };

  void open(const std::shared_ptr<Link>& link);
  void read(const std::shared_ptr<Link>& link);
  void answer(Link& link, const std::string& message);
  void talk(const std::shared_ptr<Link>& link);

  testing::FakeSockets& sockets_;
  Script& script_;
  Draw& draw_;
  Memory& memory_;
  std::size_t seen_ = 0;
  std::vector<std::shared_ptr<Link>> links_;  // that are not over
};

}  // namespace responses_proxy::sim
