#include "contract/record_store_contract.h"
#include "fakes/private_postgres.h"

namespace {

responses_proxy::testing::PrivatePostgres& postgres() {
  static responses_proxy::testing::PrivatePostgres instance;
  return instance;
}

struct PostgresBackend {
  std::unique_ptr<responses_proxy::RecordStore> open() {
    return responses_proxy::open_record_store(url);
  }
  std::string url = postgres().url(postgres().create_database());
};

}  // namespace

TYPE_TO_STRING(PostgresBackend);
RECORD_STORE_CONTRACT(PostgresBackend);
