// The main() of all suites: doctest's own, for which tests/CMakeLists.txt asks by a definition.
#include <doctest/doctest.h>
