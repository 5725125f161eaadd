// A Unix socket in front of another one; whatever goes through arrives late.
#pragma once

#include <memory>
#include <string>

#include "fakes/temp_folder.h"
#include "responses_proxy/clock.h"

namespace responses_proxy::testing {

class DelayingRelay {
 public:
  // `delay` on the way back.
  DelayingRelay(std::string target_socket, Millis delay);
  ~DelayingRelay();

  // Of what comes from now on.
  void set_delay(Millis delay);
  std::string url() const { return "unix://" + socket_; }

 private:
  struct Impl;
  TempFolder folder_;
  const std::string socket_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace responses_proxy::testing
