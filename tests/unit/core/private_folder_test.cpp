#include "core/private_folder.h"

#include <doctest/doctest.h>

#include <fstream>

#include "fakes/temp_folder.h"

using namespace responses_proxy;
namespace fs = std::filesystem;

TEST_CASE("missing folders are made for this user only, others stay as they are") {
  const testing::TempFolder temp;
  const fs::path shared = temp.path() / "shared";
  fs::create_directory(shared);
  fs::permissions(shared, fs::perms(0755));
  CHECK_FALSE(make_private_folder(shared / "a" / "b"));
  CHECK(fs::status(shared / "a").permissions() == fs::perms(0700));
  CHECK(fs::status(shared / "a" / "b").permissions() == fs::perms(0700));
  CHECK_FALSE(make_private_folder(shared / "c/"));
  CHECK(fs::status(shared / "c").permissions() == fs::perms(0700));
  CHECK_FALSE(make_private_folder(shared));
  CHECK(fs::status(shared).permissions() == fs::perms(0755));
  CHECK_FALSE(make_private_folder(""));
}

TEST_CASE("a file in the way of a folder is a problem") {
  const testing::TempFolder temp;
  std::ofstream(temp.path() / "file") << "x";
  CHECK(make_private_folder(temp.path() / "file") == std::errc::file_exists);
  CHECK(make_private_folder(temp.path() / "file" / "below"));
}
