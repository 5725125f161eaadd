// CPU time and memory of the processes under measurement, from /proc.
//
// Errors  Throws std::runtime_error when a process is gone.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace relay_bench {

// User plus system time, summed.
double cpu_seconds(const std::vector<pid_t>& pids);
// Shared pages are counted once, so that forked workers add up.
std::int64_t pss_bytes(const std::vector<pid_t>& pids);

}  // namespace relay_bench
