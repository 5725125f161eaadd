// A tiny wire format that has nothing in common with the Responses API: the text goes up in
// capitals and comes back in capitals, under other names, with another credential header and other
// errors.
//
//   POST {base_url}/shout    X-Shout-Key: <key>    {"say":"HELLO","loud":true}    loud: a stream
//   {"id":"7","shout":"WHO IS THERE","breath":3}
//   data: {"id":"7"}    data: {"part":"WHO"}    data: {"over":true,"breath":3}    each an event
//   {"problem":"busy","why":"too many voices","wait":5}    also as an event of a stream
#pragma once

#include <memory>

#include "responses_proxy/dialect.h"

namespace responses_proxy::testing {

// "shout". Problems: "busy" asks to wait, "hoarse" is trouble at the provider, "stranger" a bad
// key.
std::unique_ptr<Dialect> make_shouting_dialect();

}  // namespace responses_proxy::testing
