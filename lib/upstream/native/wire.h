// Wire: the bytes of one connection, over TCP, a Unix socket or TLS. Nothing in it waits.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace responses_proxy {

enum class WireState : std::uint8_t {
  done,         // `bytes` of them, at least one
  wants_read,   // again when the socket can be read
  wants_write,  // again when it can be written
  ended,        // the peer has said that nothing more will come
  failed,       // the connection is lost
};

struct WireResult {
  WireState state;
  std::size_t bytes = 0;
  // Of a read:
  bool more = false;     // there may be more at once
  bool drained = false;  // the socket had no more than that
};

class Wire {
 public:
  virtual ~Wire() = default;
  // To be called until it is done, before anything else.
  virtual WireState shake_hands() = 0;
  virtual WireResult read(std::span<char> to) = 0;
  // The parts go out one behind the other, as if they were one.
  virtual WireResult write(std::span<const iovec> parts) = 0;
};

// `socket` stays the caller's, and open for as long as the wire is used.
class PlainWire final : public Wire {
 public:
  explicit PlainWire(int socket) : socket_(socket) {}

  WireState shake_hands() override { return WireState::done; }
  WireResult read(std::span<char> to) override;
  WireResult write(std::span<const iovec> parts) override;

 private:
  const int socket_;
};

}  // namespace responses_proxy
