#include "redis/reply.h"

#include <doctest/doctest.h>

#include <string>

using namespace responses_proxy;

TEST_CASE("errors of the server, not of the command") {
  const auto refuses = [](std::string text, int type) {
    redisReply reply{};
    reply.type = type;
    reply.str = text.data();
    reply.len = text.size();
    return refuses_service(reply);
  };
  for (const char* text :
       {"LOADING Redis is loading the dataset in memory", "NOAUTH Authentication required.",
        "READONLY You can't write against a read only replica.", "MISCONF Redis is configured to",
        "OOM command not allowed when used memory > 'maxmemory'.", "MOVED 3999 127.0.0.1:6381"}) {
    CAPTURE(text);
    CHECK(refuses(text, REDIS_REPLY_ERROR));
    CHECK_FALSE(refuses(text, REDIS_REPLY_STRING));
  }
  for (const char* text : {"ERR unknown command", "WRONGTYPE Operation against a key",
                           "NOSCRIPT No matching script", "BUSYGROUP Consumer Group name", ""}) {
    CAPTURE(text);
    CHECK_FALSE(refuses(text, REDIS_REPLY_ERROR));
  }
}
