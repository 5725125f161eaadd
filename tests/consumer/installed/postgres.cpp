// Keeps records in a database that cannot be reached: no error, until somebody asks.
#include <cstdio>

#include "responses_proxy/sql_records.h"
#include "responses_proxy/storage_error.h"

using namespace responses_proxy;

int main() {
  const SystemClock clock;
  const auto records = open_postgres_records("postgresql://nobody@127.0.0.1:1/none", clock);
  try {
    records->ping();
    return 1;
  } catch (const StorageError& error) {
    std::printf("%s\n", error.what());
  }
  return 0;
}
