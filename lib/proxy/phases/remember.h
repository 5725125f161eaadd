// What an answer teaches the live state: who made it, where its session sticks.
#pragma once

#include <string_view>

namespace responses_proxy {

struct ExchangeContext;

namespace phases {

// Once, when the answer begins, if it is a good one: the session sticks to the resource that serves
// it, not to one that was only tried; and what the request continues is known there.
void remember_resource(ExchangeContext& exchange);

// The ids that the answer has told so far. Before the client can see its end, so that a
// continuation finds its resource.
void remember_answer(ExchangeContext& exchange);

// What the answer, which is whole now, adds to its conversation; once, and before the client can
// see its end. Of an upstream that keeps its responses, only a client's socket remembers more.
void keep_answer(ExchangeContext& exchange);

// It has failed, in its own words: what can be read back of it is kept.
void keep_failed_answer(ExchangeContext& exchange);

// The same of a stream that has broken off, before its client is told so: `message` says why.
void keep_broken_answer(ExchangeContext& exchange, std::string_view message);

// A response that was deleted.
void forget_response(ExchangeContext& exchange);

}  // namespace phases
}  // namespace responses_proxy
