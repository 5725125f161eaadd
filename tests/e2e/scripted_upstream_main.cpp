// scripted-upstream [SCRIPT]: a ScriptedUpstream for tests in other languages.
//
// SCRIPT is a JSON file with an array of rules. The first line printed is the port. Then it takes
// the commands of upstream_commands.h on standard input; the end of the input ends the program.
#include <fstream>
#include <iostream>

#include "e2e/upstream_commands.h"

int main(int argc, char** argv) try {
  using namespace responses_proxy;
  testing::ScriptedUpstream upstream;
  if (argc > 1) {
    std::ifstream script(argv[1]);
    testing::add_rules(upstream, Json::parse(script));
  }
  std::cout << upstream.port() << std::endl;
  testing::answer_commands(
      [&](const Json& command) { return testing::run_command(upstream, command); });
} catch (const std::exception& error) {
  std::cerr << "scripted-upstream: " << error.what() << "\n";
  return 1;
}
