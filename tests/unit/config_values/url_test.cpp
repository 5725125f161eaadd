#include "config_values/url.h"

#include <doctest/doctest.h>

using namespace responses_proxy::config;

TEST_CASE("base URLs") {
  for (const char* url : {"https://api.openai.com/v1", "HTTP://127.0.0.1:8080", "http://[::1]:9/x",
                          "http://[::1]", "https://gateway/"}) {
    CAPTURE(url);
    CHECK(base_url_problem(url) == "");
  }
  for (const char* url :
       {"", "api.openai.com/v1", "ftp://a/v1", "https://", "https:///v1", "https://user:pw@a/v1",
        "https://a/v1?key=x", "https://a/v1#x", "https://a b/v1", "https://a:0/v1",
        "https://a:99999/v1", "https://a:/v1", "https://a/\"", "https://a/caf\xc3\xa9"}) {
    CAPTURE(url);
    CHECK(base_url_problem(url) != "");
  }
}

TEST_CASE("whether a URL leads to who listens on an address") {
  struct {
    const char* url;
    const char* host;
    bool leads;
  } const cases[] = {
      {"http://127.0.0.1:8000/v1", "127.0.0.1", true},
      {"http://localhost:8000", "127.0.0.1", true},
      {"http://[::1]:8000/v1", "localhost", true},
      {"http://127.0.0.1:8000/v1", "0.0.0.0", true},
      {"https://Proxy.lan:8000/v1", "proxy.lan", true},
      {"http://127.0.0.1:8001/v1", "127.0.0.1", false},
      {"http://10.0.0.7:8000/v1", "127.0.0.1", false},
      {"https://api.openai.com/v1", "0.0.0.0", false},
      {"http://localhost/v1", "127.0.0.1", false},
  };
  for (const auto& [url, host, leads] : cases) {
    CAPTURE(url);
    CAPTURE(host);
    CHECK(leads_to(url, host, 8000) == leads);
  }
  CHECK(leads_to("http://localhost/v1", "127.0.0.1", 80));
  CHECK(leads_to("https://[::1]/v1", "::1", 443));
  CHECK_FALSE(leads_to("http://localhost:0/v1", "127.0.0.1", 0));  // a port is still to be found
}

TEST_CASE("masked URLs keep what helps and hide the rest") {
  CHECK(mask_url("sqlite:///./data/proxy.sqlite3") == "sqlite:///./data/proxy.sqlite3");
  CHECK(mask_url("postgresql://app:hunter2@db:5432/p?sslmode=require") ==
        "postgresql://app:***@db:5432/p?sslmode=require");
  CHECK(mask_url("redis://:hunter2@h/0") == "redis://:***@h/0");
  CHECK(mask_url("https://hunter2@h/v1") == "https://***@h/v1");
  CHECK(mask_url("postgres://h/d?user=a&password=hunter2&sslmode=on") ==
        "postgres://h/d?user=a&password=***&sslmode=on");
  CHECK(mask_url("https://h/v1?api-key=hunter2") == "https://h/v1?api-key=***");
  CHECK(mask_url("https://h/v1#hunter2") == "https://h/v1#***");
  CHECK(mask_url("hunter2") == "...");
  CHECK(mask_url("") == "");
}

TEST_CASE("a password that should have been percent-encoded is hidden too") {
  for (const char* url : {"postgres://u:hunter2/x@h/d", "postgres://u:hunter2?x@h/d",
                          "postgres://u:hunter2#x@h/d", "postgres://u:x@hunter2@h/d"}) {
    CAPTURE(url);
    CHECK(mask_url(url) == "postgres://u:***@h/d");
  }
}
