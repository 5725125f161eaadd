// Faults of HTTP upstreams as data: the bytes they send, and what has to come of it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "fakes/scripted_upstream.h"
#include "faults/client_view.h"

namespace responses_proxy::testing {

// The good body of an answer, in the form the client asked for, and its type.
struct GoodBody {
  std::string text;
  std::string content_type;
};

// What must come of a fault. With a second key that is fine, a fault that moves is one the client
// never sees.
struct Consequence {
  Ending ending = Ending::refused;
  int status = 502;     // what the client gets, and the record says
  std::string code;     // the client's, and the record's error; "" = any
  std::string attempt;  // the first word of the attempt's error; "" = none
  Blame blame = Blame::provider;
  bool completed = true;
  bool moves = true;
};

struct Fault {
  const char* name;
  std::function<Reply(const GoodBody&)> reply;
  Consequence then;
};

// No answer at all, for the reason that the word says.
Consequence no_answer(const std::string& word, int status = 502);
// As if nothing had been wrong.
Consequence no_harm();
// The upstream's own error, handed on.
Consequence own_error(int status, Blame blame, bool moves);

const std::vector<Fault>& faults();

}  // namespace responses_proxy::testing
