#include "log/health_log.h"

#include <doctest/doctest.h>

using namespace responses_proxy;

TEST_CASE("a change of health is one event, with reason and blame") {
  const HealthChange change{"openai-1a2b",           Health::healthy, Health::unhealthy,    false,
                            "HTTP 401: No such key", Blame::resource, HealthSource::traffic};
  const auto event = health_event(change, "team-a");
  REQUIRE(event);
  CHECK(event->level == LogLevel::warning);
  CHECK(event->event == "health_changed");
  CHECK(event->message ==
        "team-a is unhealthy (was healthy, found by traffic): HTTP 401: No such key");
  const auto text = [&](std::string_view name) {
    for (const auto& [key, value] : event->fields) {
      if (key == name) return std::get<std::string>(value);
    }
    return std::string("none");
  };
  CHECK(text("resource_id") == "openai-1a2b");
  CHECK(text("health") == "unhealthy");
  CHECK(text("was") == "healthy");
  CHECK(text("reason") == "HTTP 401: No such key");
  CHECK(text("blame") == "resource");
  CHECK(text("found_by") == "traffic");
}

TEST_CASE("that a resource works again is good news, that it works at all is none") {
  HealthChange change;
  change.before = Health::degraded;
  change.after = Health::healthy;
  CHECK(health_event(change, "a")->level == LogLevel::info);
  CHECK(health_event(change, "a")->message == "a is healthy (was degraded, found by traffic)");
  change.before = Health::unknown;
  CHECK_FALSE(health_event(change, "a"));
  change.after = Health::degraded;
  CHECK(health_event(change, "a"));
}
