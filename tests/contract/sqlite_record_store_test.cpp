#include "contract/record_store_contract.h"
#include "fakes/temp_folder.h"

namespace {

struct SqliteBackend {
  std::unique_ptr<responses_proxy::RecordStore> open() {
    return responses_proxy::open_record_store("sqlite:///" + (folder.path() / "db").string());
  }
  responses_proxy::testing::TempFolder folder;
};

}  // namespace

TYPE_TO_STRING(SqliteBackend);
RECORD_STORE_CONTRACT(SqliteBackend);
