#include "contract/maintenance_contract.h"
#include "contract/records_contract.h"
#include "contract/registry_contract.h"
#include "fakes/temp_folder.h"

namespace {

struct SqliteBackend {
  std::unique_ptr<responses_proxy::testing::RecordDatabase> open() {
    return responses_proxy::testing::open_records("sqlite:///" + (folder.path() / "db").string());
  }
  responses_proxy::testing::TempFolder folder;
};

}  // namespace

TYPE_TO_STRING(SqliteBackend);
RECORDS_CONTRACT(SqliteBackend);
MAINTENANCE_CONTRACT(SqliteBackend);
REGISTRY_CONTRACT(SqliteBackend);
