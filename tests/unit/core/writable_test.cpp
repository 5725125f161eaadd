#include "core/writable.h"

#include <doctest/doctest.h>

#include <fstream>

#include "fakes/temp_folder.h"

using namespace responses_proxy;

TEST_CASE("a file that is there, and one that could be made") {
  const testing::TempFolder folder;
  const auto there = folder.path() / "there";
  std::ofstream(there) << "x";
  CHECK(write_problem(there) == "");
  CHECK(write_problem(folder.path() / "new") == "");
  CHECK(write_problem(folder.path() / "a" / "b" / "new") == "");
  CHECK(write_problem("new") == "");
  CHECK_FALSE(std::filesystem::exists(folder.path() / "a"));
}

TEST_CASE("what stands in the way is named") {
  const testing::TempFolder folder;
  const auto file = folder.path() / "file";
  std::ofstream(file) << "x";
  CHECK(write_problem(folder.path()) == folder.path().string() + ": Is a directory");
  CHECK(write_problem(file / "x") == (file / "x").string() + ": Not a directory");
  // Far below, too; and not even root gets around it.
  CHECK(write_problem(file / "a" / "b" / "x").ends_with(": Not a directory"));
}
