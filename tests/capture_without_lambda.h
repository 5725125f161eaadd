// Put before every test by clang before 16: doctest's CAPTURE names its value in a lambda, and
// those compilers take no structured binding there. A failure then does not say which row it was.
#pragma once

#include <doctest/doctest.h>

#undef CAPTURE
#define CAPTURE(value) static_cast<void>(value)
