// PostgresUrl: a database URL as libpq takes it, and what of it may be shown.
//
// Ownership  Plain values and pure functions.
// Errors     A problem is the end of a sentence ("has no valid host and port"), free of the URL's
//            secrets; "" = nothing wrong.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace responses_proxy {

struct PostgresUrl {
  std::string connection;            // "postgresql://...", with this program's defaults added
  std::string name;                  // "db.example:5432/proxy": who is who in logs
  std::vector<std::string> secrets;  // as written and percent-decoded, longest first

  // The text with "***" for every secret.
  std::string hide_secrets(std::string text) const;
};

// postgres://, postgresql:// and postgresql+driver://.
bool is_postgres_url(std::string_view url);

// [user[:password]@][host][:port][,...][/database][?parameter=value&...] after the scheme; a host
// may be a percent-encoded socket folder. Parameters are those that the installed libpq knows;
// `ssl=` of other drivers is written as `sslmode=`.
std::string parse_postgres_url(std::string_view url, PostgresUrl& parsed);

}  // namespace responses_proxy
