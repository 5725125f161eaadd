// Sockets that were listening before this process began: socket activation, sd_listen_fds(3).
//
// Role       Whoever starts the process (systemd, or another one of its kind) keeps these sockets,
//            so clients can connect while there is no process, and a restart refuses nobody. They
//            take the place of host and port; one that is called "admin" is the control plane's.
// Threads    Before any is started: it takes the variables out of the environment.
// Errors     StartError naming the variable when what is inherited is no listening TCP socket.
#pragma once

#include <vector>

namespace responses_proxy {

struct InheritedSockets {
  std::vector<int> serving;
  std::vector<int> admin;
};

// Of this process, by LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES; nothing is the usual case. They
// are not inherited any further.
InheritedSockets take_inherited_sockets();

}  // namespace responses_proxy
