#include "contract/conversations_contract.h"
#include "contract/kept_conversations_contract.h"
#include "contract/kept_responses_contract.h"
#include "contract/sql_conversations_backend.h"
#include "fakes/temp_folder.h"

namespace responses_proxy::testing {

namespace {

struct Folder {
  TempFolder folder;
};

struct Sqlite : private Folder, public SqlBackend {
  Sqlite() : SqlBackend("sqlite:///" + (folder.path() / "db").string()) {}
};

}  // namespace

STORED_CONVERSATIONS_CONTRACT(Sqlite)
KEPT_RESPONSES_CONTRACT(Sqlite)
KEPT_CONVERSATIONS_CONTRACT(Sqlite)

}  // namespace responses_proxy::testing
