#include "storage/schema_steps.h"

namespace responses_proxy {

// What was registered: lib/registry knows what is in a document. `version` counts the changes; each
// of them has at least one row of the audit.
Migration registry() {
  const std::string row = R"((
                id TEXT NOT NULL PRIMARY KEY,
                revision BIGINT NOT NULL,
                created_at BIGINT NOT NULL,
                updated_at BIGINT NOT NULL,
                document TEXT NOT NULL))";
  return {5,
          {"CREATE TABLE registry_providers " + row, "CREATE TABLE registry_aliases " + row,
           R"(CREATE TABLE registry_version (
                id INTEGER NOT NULL PRIMARY KEY,
                version BIGINT NOT NULL))",
           "INSERT INTO registry_version (id, version) VALUES (1, 0)",
           R"(CREATE TABLE registry_audit (
                version BIGINT NOT NULL,
                position INTEGER NOT NULL,
                changed_at BIGINT NOT NULL,
                actor TEXT NOT NULL,
                action TEXT NOT NULL,
                kind TEXT NOT NULL,
                record_id TEXT NOT NULL,
                details TEXT NOT NULL,
                PRIMARY KEY (version, position)))"}};
}

// The turns behind the ids of responses (lib/conversations/): each has its own items and the number
// of the turn before it, 0 for a beginning. One that nobody may find any more has no name.
Migration conversations() {
  return {6,
          {R"(CREATE TABLE conversations (
                conversation BIGINT NOT NULL PRIMARY KEY,
                used_at BIGINT NOT NULL))",
           "CREATE INDEX conversations_by_use ON conversations (used_at)",
           R"(CREATE TABLE response_turns (
                turn BIGINT NOT NULL PRIMARY KEY,
                conversation BIGINT NOT NULL,
                turn_before BIGINT NOT NULL,
                caller TEXT NOT NULL,
                response_id TEXT NOT NULL,
                previous_response_id TEXT NOT NULL,
                input TEXT NOT NULL,
                output TEXT NOT NULL))",
           "CREATE UNIQUE INDEX response_turns_by_id ON response_turns (response_id, caller) "
           "WHERE response_id <> ''",
           "CREATE INDEX response_turns_by_conversation ON response_turns (conversation)",
           "CREATE INDEX response_turns_by_before ON response_turns (turn_before)"}};
}

// The responses that are kept in a provider's place (lib/conversations/). The large columns are
// last, so that reading the others does not read them.
Migration kept_responses() {
  return {7,
          {R"(CREATE TABLE kept_responses (
                caller TEXT NOT NULL,
                response_id TEXT NOT NULL,
                is_open INTEGER NOT NULL,
                touched_at BIGINT NOT NULL,
                previous_response_id TEXT NOT NULL,
                input TEXT NOT NULL,
                marks TEXT NOT NULL,
                document TEXT NOT NULL,
                PRIMARY KEY (response_id, caller)))",
           "CREATE INDEX kept_responses_by_use ON kept_responses (touched_at)"}};
}

Migration kept_conversations() {
  return {9,
          {R"(CREATE TABLE kept_conversations (
                caller TEXT NOT NULL,
                conversation_id TEXT NOT NULL,
                version BIGINT NOT NULL,
                touched_at BIGINT NOT NULL,
                head TEXT NOT NULL,
                document TEXT NOT NULL,
                PRIMARY KEY (conversation_id, caller)))",
           "CREATE INDEX kept_conversations_by_use ON kept_conversations (touched_at)"}};
}

}  // namespace responses_proxy
