// The commands by which tests in other languages direct scripted upstreams: one line of JSON each,
// and one line of JSON for an answer ({"error":...} to what cannot be done).
//   {"do":"add","rules":[RULE...]}            -> {"ok":true}
//   {"do":"open_gate","name":"go"}            -> {"ok":true}
//   {"do":"wait","for":"requests","n":2}      -> {"ok":true}, false when it took too long;
//                                               for: requests, aborted, idle
//   {"do":"state"}                            -> {"counts":{...},"requests":[...]}
// RULE
// {"key":"sk-a","method":"POST","path":"/v1/responses","replies":[REPLY...],"repeat_last":true}
// REPLY  one of "response" {id,text,usage}, "stream" {id,deltas,usage},
//        "function_call" {id,call_id,name,arguments}, "failed" {id,code,message},
//        "error" {status,type,code,message,param}, "json" (any document, with "status");
//        and "headers" {name:value}, "insert" [{"at":5,"step":STEP}], "before_body":true
// STEP   {"write":"bytes"}, {"gate":"name"}, "close", "reset", "stall"
#pragma once

#include <functional>

#include "core/json.h"
#include "fakes/scripted_upstream.h"

namespace responses_proxy::testing {

Reply reply_from(const Json& spec);
Json to_json(const RecordedRequest& request);
void add_rules(ScriptedUpstream& upstream, const Json& rules);
Json run_command(ScriptedUpstream& upstream, const Json& command);
// Answers the lines of standard input until it ends.
void answer_commands(const std::function<Json(const Json&)>& run);

}  // namespace responses_proxy::testing
