// How many files and sockets this process may have open.
#pragma once

#include "responses_proxy/log.h"

namespace responses_proxy {

// Raises the soft limit to the hard one. The soft one is often 1024, for the sake of programs that
// use select(), while an open stream takes two descriptors here.
void raise_descriptor_limit(const Log& log);

}  // namespace responses_proxy
