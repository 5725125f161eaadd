#include "server/descriptors.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <cerrno>
#include <system_error>

namespace responses_proxy {

namespace {

constexpr rlim_t kFew = 4'096;  // about two thousand streams

}  // namespace

void raise_descriptor_limit(const Log& log) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  std::string problem;
  if (before != limit.rlim_max && ::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    problem = fmt::format(" (cannot be raised: {})", std::generic_category().message(errno));
    limit.rlim_cur = before;
  }
  const bool few = limit.rlim_cur < kFew;
  log({few ? LogLevel::warning : LogLevel::info,
       "descriptors",
       fmt::format("at most {} files and sockets may be open{}{}", limit.rlim_cur, problem,
                   few ? ": an open stream takes two; raise the hard limit (ulimit -Hn)" : ""),
       {{"limit", static_cast<std::int64_t>(limit.rlim_cur)},
        {"limit_before", static_cast<std::int64_t>(before)}}});
}

}  // namespace responses_proxy
