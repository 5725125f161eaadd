// The changes of the schema that migrations() are made of, by theme.
//
// Ownership  Pure functions.
#pragma once

#include "storage/migrations.h"

namespace responses_proxy {

// first_records_schema.cpp: records, up to schema 9.
Migration initial_schema();
Migration captured_bodies();
Migration what_was_asked();
Migration callers_and_usage();
Migration usage_sums();

// records_schema.cpp: records, since then.
Migration narrow_records();
Migration narrow_sums();

// kept_schema.cpp: what is registered, and what is kept in a provider's place.
Migration registry();
Migration conversations();
Migration kept_responses();
Migration kept_conversations();

}  // namespace responses_proxy
