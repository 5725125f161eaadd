// sqlite-locker FILE: holds an exclusive lock on a SQLite database.
//
// Prints "locked" once it has it; the end of standard input releases it.
#include <SQLiteCpp/SQLiteCpp.h>

#include <cstdio>
#include <exception>
#include <iostream>
#include <string>

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: sqlite-locker FILE\n";
    return 2;
  }
  try {
    constexpr int kPatienceMs = 30'000;
    SQLite::Database database(argv[1], SQLite::OPEN_READWRITE, kPatienceMs);
    database.exec("BEGIN EXCLUSIVE");
    std::cout << "locked" << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
    }
    database.exec("ROLLBACK");
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "sqlite-locker: " << error.what() << '\n';
    return 1;
  }
}
