// Golden exchanges of a translating dialect: data files, each a request of a client, what has to go
// up, what comes back, and what the client has to get.
//
//   {"about": "...",                    what it shows, in words
//    "model": "m", "alias": "",         as the router gives them
//    "base_url": "http://u/v1", "config": {}, "capabilities": {},
//    "path": "/v1/responses", "foreign_reasoning": "drop",
//    "compacted": {"encrypted_content", "usage"}, "summarises": false
//    "request": {}, "history": [],      history: absent = nobody knows it
//    "refused": {"code", "param"}       instead of what follows: nothing is sent
//    "sent": {}, "sent_to": "http://...", "sent_headers": {}
//    "adjusted": "", "on_record": ""    what goes on record of the request, and of an error
//    "head": {}                         headers that the client gets
//    "status": 200, "headers": {},
//    "stream": ["...", {}]              its events: data as JSON or text, or bytes beginning with
//    ":" or "answer": {} or "..."           a body "events": [{}] or "response": {} or "error":
//    {"status", ...}}
//
// Of events and responses only what says something is written down: numbers, echoes and defaults
// are held to their rules for every exchange, in code.
// With RP_GOLDEN_WRITE=1 what is given is written into the files, to be read and judged.
#pragma once

#include <filesystem>

#include "responses_proxy/dialect.h"

namespace responses_proxy::testing {

// Each file of the folder: whole, cut at every byte, and with CRLF.
void check_golden_exchanges(const Dialect& dialect, const std::filesystem::path& folder);

}  // namespace responses_proxy::testing
