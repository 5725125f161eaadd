// ServiceManager: tells whoever has started the process how far it is, as sd_notify(3) does.
//
// Threads    Any, one at a time.
// Errors     None: a manager that cannot be told is one that does not ask.
// Blocking   Never.
#pragma once

#include <string>

namespace responses_proxy {

class ServiceManager {
 public:
  // Where NOTIFY_SOCKET says; takes it out of the environment, so before any thread is started.
  ServiceManager();

  void ready() const;
  // Followed by ready().
  void reloading() const;
  void stopping() const;

 private:
  void tell(const std::string& state) const;

  const std::string address_;  // "" = nobody wants to know
};

}  // namespace responses_proxy
