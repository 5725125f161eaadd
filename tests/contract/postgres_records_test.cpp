#include "contract/maintenance_contract.h"
#include "contract/records_contract.h"
#include "contract/registry_contract.h"
#include "fakes/private_postgres.h"

namespace {

responses_proxy::testing::PrivatePostgres& postgres() {
  static responses_proxy::testing::PrivatePostgres instance;
  return instance;
}

struct PostgresBackend {
  std::unique_ptr<responses_proxy::testing::RecordDatabase> open() {
    return responses_proxy::testing::open_records(url);
  }
  std::string url = postgres().url(postgres().create_database());
};

}  // namespace

TYPE_TO_STRING(PostgresBackend);
RECORDS_CONTRACT(PostgresBackend);
MAINTENANCE_CONTRACT(PostgresBackend);
REGISTRY_CONTRACT(PostgresBackend);
