// RegistryEditor: the changes that can be asked for, each as a plan for Registry::change().
//
// Role       Checks what is asked against what is there, and works out the rows to write.
// Threads    As Registry.
// Errors     422 with all fields that are wrong; 404; 409 where aliases use a provider that is to
//            go, or where the record is the registry file's; 412 where it is another version.
// Blocking   As Registry::change().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "registry/registry.h"

namespace responses_proxy {

// What has to hold for a change to be made (RFC 9110 section 13.1).
struct Conditions {
  std::optional<std::int64_t> revision = {};  // If-Match: of the record as it is
  bool exists = false;                        // If-Match: *
  bool absent = false;                        // If-None-Match: *
};

struct Saved {
  bool created = false;
  std::vector<std::string> unknown;  // members of the body that mean nothing here
};

using EditResult = std::variant<Saved, Refusal>;

class RegistryEditor {
 public:
  explicit RegistryEditor(Registry& registry) : registry_(registry) {}

  // Creates or replaces the one that the body names.
  EditResult put_provider(const Json& body, const Conditions& conditions, const std::string& actor);
  EditResult put_alias(const Json& body, const Conditions& conditions, const std::string& actor);
  // RFC 7396.
  EditResult patch_provider(const std::string& id, const Json& patch, const Conditions& conditions,
                            const std::string& actor);
  EditResult patch_alias(const std::string& alias, const Json& patch, const Conditions& conditions,
                         const std::string& actor);
  // `cascade`: with the aliases, or those of their targets, that use it.
  EditResult remove_provider(const std::string& id, bool cascade, const Conditions& conditions,
                             const std::string& actor);
  EditResult remove_alias(const std::string& alias, const Conditions& conditions,
                          const std::string& actor);
  // Encrypts every key anew that is not encrypted with the first key; how many rows that were.
  // `problems` has the providers whose keys do not open.
  std::size_t reencrypt(const std::string& actor, std::vector<std::string>& problems);

 private:
  Registry& registry_;
};

Refusal refused_fields(std::vector<FieldError> errors);
Refusal not_registered(std::string_view kind, std::string_view id);

}  // namespace responses_proxy
