// run_program: another program, to its end.
//
// Errors     One that cannot be started ends with 127, and why in `output`.
// Blocking   Until it ends.
// Limits     kMaxOutput of its output; the rest is dropped.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace responses_proxy {

struct ProgramCall {
  std::vector<std::string> words;  // the program, found in PATH, and its arguments
  std::string input = {};          // its standard input ...
  std::string input_file = {};     // ... or this file
};

struct ProgramResult {
  static constexpr std::size_t kMaxOutput = 64 * 1024;

  int exit_code = 127;
  std::string output;  // both streams
};

using RunProgram = std::function<ProgramResult(const ProgramCall& call)>;

ProgramResult run_program(const ProgramCall& call);

}  // namespace responses_proxy
