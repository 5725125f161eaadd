// Replies as hiredis parses them, and what their errors mean.
#pragma once

#include <hiredis/hiredis.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace responses_proxy {

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using ReplyPtr = std::unique_ptr<redisReply, FreeReply>;

// Strings, statuses and errors.
inline std::string_view text_of(const redisReply& reply) {
  return reply.str == nullptr ? std::string_view() : std::string_view(reply.str, reply.len);
}
inline std::span<redisReply* const> elements_of(const redisReply& reply) {
  return {reply.element, reply.element == nullptr ? 0 : reply.elements};
}
inline bool is_error(const redisReply& reply) {
  return reply.type == REDIS_REPLY_ERROR;
}

// An error as it may be told: Redis quotes the arguments of a command it does not know, which may
// be a password.
std::string problem_of(const redisReply& error);

// The server as a whole cannot serve us at the moment (still loading, a read-only replica, out of
// memory, not logged in): not a matter of the command.
bool refuses_service(const redisReply& reply);

}  // namespace responses_proxy
