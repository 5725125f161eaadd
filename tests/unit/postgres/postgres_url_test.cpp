#include "postgres/postgres_url.h"

#include <doctest/doctest.h>

using namespace responses_proxy;

namespace {

const std::string kDefaults =
    "connect_timeout=2&fallback_application_name=responses-proxy&client_encoding=UTF8";

PostgresUrl parse(const std::string& url) {
  PostgresUrl parsed;
  CAPTURE(url);
  CHECK(parse_postgres_url(url, parsed) == "");
  return parsed;
}

std::string connection(const std::string& url) {
  return parse(url).connection;
}

std::string problem(const std::string& url) {
  PostgresUrl parsed;
  return parse_postgres_url(url, parsed);
}

}  // namespace

TEST_CASE("every scheme becomes libpq's") {
  for (const char* scheme : {"postgres", "postgresql", "PostgreSQL", "postgresql+asyncpg",
                             "postgresql+psycopg", "postgresql+psycopg2", "postgres+asyncpg"}) {
    const std::string url = std::string(scheme) + "://u:p@h:5432/d";
    CAPTURE(url);
    CHECK(is_postgres_url(url));
    CHECK(connection(url) == "postgresql://u:p@h:5432/d?" + kDefaults);
  }
  for (const char* url : {"", "postgres", "mysql://h/d", "postgresql+://h/d", "postgresqlx://h/d",
                          "sqlite:///postgres://h", "postgres+a b://h"}) {
    CAPTURE(url);
    CHECK_FALSE(is_postgres_url(url));
    CHECK(problem(url) == "is not a PostgreSQL URL");
  }
}

TEST_CASE("hosts, sockets and parameters pass through") {
  for (const char* url :
       {"postgresql://h", "postgresql://", "postgresql:///d", "postgresql://u@h/d",
        "postgresql://[::1]:5433/d", "postgresql://[fe80::1%25eth0]/d", "postgresql://a:1,b:2/d",
        "postgresql://%2Fvar%2Frun%2Fpostgresql/d", "postgresql://u:p%40%2F%3A%23@h/d"}) {
    CHECK(connection(url) == std::string(url) + "?" + kDefaults);
  }
  for (const char* url :
       {"postgresql://u:p@h/d?sslmode=require", "postgresql:///d?host=/var/run/postgresql&user=u",
        "postgresql://h/d?sslmode=verify-full&sslrootcert=/ca.pem",
        "postgresql://a,b/d?target_session_attrs=read-write"}) {
    CHECK(connection(url) == std::string(url) + "&" + kDefaults);
  }
  CHECK(connection("postgres://h/d?") == "postgresql://h/d?" + kDefaults);
}

TEST_CASE("a parameter that libpq does not know is named, unless it may be a secret") {
  for (const char* name :
       {"sslmod", "SSLMODE", "pgbouncer", "schema", "prepared_statement_cache_size"}) {
    CHECK(problem(std::string("postgresql://h/d?sslmode=require&") + name + "=1") ==
          std::string("has the parameter ") + name +
              ", which is none of libpq's: take it out, or correct its name");
  }
  const std::string split_password = problem("postgresql://h/d?password=hun&ter2=x");
  CHECK(split_password.find("has a parameter, which is none of libpq's") == 0);
  CHECK(split_password.find("ter2") == std::string::npos);
  // Those of every version there is, and `ssl` of other drivers.
  for (const char* name : {"host",
                           "hostaddr",
                           "port",
                           "dbname",
                           "user",
                           "password",
                           "passfile",
                           "connect_timeout",
                           "client_encoding",
                           "options",
                           "application_name",
                           "keepalives",
                           "keepalives_idle",
                           "tcp_user_timeout",
                           "sslmode",
                           "sslrootcert",
                           "sslcert",
                           "sslkey",
                           "sslpassword",
                           "sslcrl",
                           "ssl_min_protocol_version",
                           "gssencmode",
                           "krbsrvname",
                           "channel_binding",
                           "service",
                           "target_session_attrs",
                           "ssl"}) {
    CAPTURE(name);
    CHECK(problem(std::string("postgresql://h/d?") + name + "=1") == "");
  }
}

TEST_CASE("waiting for a connection is bounded, by the URL's own number if it has one") {
  CHECK(connection("postgres://h/d?connect_timeout=9") ==
        "postgresql://h/d?connect_timeout=9&fallback_application_name=responses-proxy&"
        "client_encoding=UTF8");
  CHECK(connection("postgres://h/d?connect_timeout=0") ==
        "postgresql://h/d?connect_timeout=0&" + kDefaults);  // the last one counts
}

TEST_CASE("ssl= of other drivers") {
  CHECK(connection("postgresql+asyncpg://h/d?ssl=require") ==
        "postgresql://h/d?sslmode=require&" + kDefaults);
  CHECK(connection("postgresql://h/d?ssl=false") ==
        "postgresql://h/d?sslmode=disable&" + kDefaults);
  CHECK(connection("postgresql://h/d?ssl=true") == "postgresql://h/d?ssl=true&" + kDefaults);
}

TEST_CASE("a name says where the database is, and nothing secret") {
  CHECK(parse("postgres://u:hunter2@db.example:5433/proxy?sslmode=require").name ==
        "db.example:5433/proxy");
  CHECK(parse("postgres://%2Frun%2Fpg/d").name == "/run/pg/d");
  CHECK(parse("postgres:///d?host=/run/pg&password=hunter2").name == "/run/pg/d");
  CHECK(parse("postgres://").name == "the local socket");
}

TEST_CASE("secrets are hidden as they are written and as they are meant") {
  const PostgresUrl url = parse("postgres://u:hun%40ter2@h/d?sslpassword=key-secret&password=pw");
  CHECK(url.hide_secrets("bad hun@ter2, hun%40ter2hun%40ter2, key-secret, pw; u at h") ==
        "bad ***, ******, ***, ***; u at h");
  CHECK(parse("postgres://u@h/d?passfile=/run/secrets/pg").hide_secrets("/run/secrets/pg") ==
        "/run/secrets/pg");
  // A short one is in many words.
  CHECK(parse("postgres://u:p@h/d").hide_secrets("port p of group, p") == "port *** of group, ***");
  CHECK(parse("postgres://u:*@h/d").hide_secrets("* and **") == "*** and ******");
}

TEST_CASE("what could leak a password in an error text is refused without naming it") {
  for (const char* url :
       {"postgres://u:hunter2/x@h/d", "postgres://u:hunter2?x@h/d", "postgres://u:hunter2#x@h/d",
        "postgres://u:x@hunter2@h/d", "postgres://u:hunter2", "postgres://u:hun ter2@h/d",
        "postgres://u:hunter2%4@h/d", "postgres://u:hunter2%zz@h/d", "postgres://u:%00hunter2@h/d",
        "postgres://u:p@h:hunter2/d", "postgres://u:p@[hunter2]/d", "postgres://h/d?hunter2",
        "postgres://h/d?password=hunter2=x", "postgres://h/d?=hunter2", "postgres://h:0/d",
        "postgres://h:70000/d", "postgres://a b/d", "postgres://[::1/d", "postgres://h,b:x/d"}) {
    CAPTURE(url);
    CHECK(problem(url) != "");
    CHECK(problem(url).find("hunter2") == std::string::npos);
  }
}
