// What a sum of errors counts, wherever one is kept: not what the client has caused.
#pragma once

#include "responses_proxy/blame.h"
#include "responses_proxy/word.h"

namespace responses_proxy {

inline bool counts_as_error(const Word<Blame>& blame) {
  return blame != Blame::none && blame != Blame::client;
}

}  // namespace responses_proxy
