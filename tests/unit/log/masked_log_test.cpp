#include "log/masked_log.h"

#include <doctest/doctest.h>

using namespace responses_proxy;

TEST_CASE("no secret of the configuration passes, in message or fields") {
  Config config;
  config.admin_token = Secret("admin-hunter2");
  config.secret_encryption_keys = {Secret("cipher-hunter2")};
  config.client_tokens = {{"alice", Secret("client-hunter2")}};
  config.resources.resize(2);
  config.resources[0].credential = Secret("first-hunter2");
  config.resources[1].credential = Secret("second-hunter2");
  LogEvent seen;
  const Log log = masked_log(config, [&](const LogEvent& event) { seen = event; });
  log({LogLevel::error,
       "resource_health",
       "admin-hunter2 cipher-hunter2 client-hunter2 first-hunter2 is wrong",
       {{"reason", "no such key: second-hunter2"}, {"status", std::int64_t{401}}}});
  CHECK(seen.message == "*** *** *** *** is wrong");
  CHECK(seen.fields == LogEvent{LogLevel::error,
                                "",
                                "",
                                {{"reason", "no such key: ***"}, {"status", std::int64_t{401}}}}
                           .fields);
  CHECK(seen.event == "resource_health");
  CHECK(seen.level == LogLevel::error);
}
