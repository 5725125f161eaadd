#include "control/rows.h"

#include <doctest/doctest.h>

#include <vector>

#include "fakes/filled_record.h"
#include "storage/record_json.h"

using namespace responses_proxy;

namespace {

// Columns of the fields that no row shows; the others must be there.
template <class Record>
std::vector<std::string> hidden(RecordFields<Record> fields, Json row) {
  std::vector<std::string> columns;
  for (const RecordField<Record>& field : fields) {
    CAPTURE(field.column);
    if (field.row.empty()) {
      columns.push_back(field.column);
    } else {
      CHECK_FALSE(member_at(row, field.row).is_null());
    }
  }
  return columns;
}

}  // namespace

TEST_CASE("each field stands in the row, but for the bodies") {
  const Json row = control::to_row(testing::filled_record());
  CHECK(hidden(request_fields(), row) == std::vector<std::string>{"request_body", "response_body"});
  CHECK(hidden(attempt_fields(), row.at("attempts").at(1)).empty());
  const auto session = testing::filled(session_fields(), 1);
  CHECK(hidden(session_fields(), control::to_row(session)).empty());
  const auto decision = testing::filled(decision_fields(), 1);
  CHECK(hidden(decision_fields(), control::to_row(decision)).empty());
}
