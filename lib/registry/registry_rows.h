// Rows of RegistryStore <-> RegistryContents, and both as the file of the last good rows.
//
// Ownership  Pure functions.
// Errors     A row whose document is no JSON object is passed over; its id is told.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/provider.h"
#include "storage/registry_store.h"

namespace responses_proxy {

RegistryContents contents_of(const RegistryRows& rows, std::vector<std::string>& unreadable);
// `above` wins where both have one of a name.
RegistryContents merged(RegistryContents below, const RegistryContents& above);

// The row that has that value, its revision still to be given.
RegistryRow row_of(const Registered<Provider>& provider);
RegistryRow row_of(const Registered<Alias>& alias);

std::string kept_text(const RegistryRows& rows);
// Nothing if it is not what kept_text() makes.
std::optional<RegistryRows> kept_rows(const std::string& text);

}  // namespace responses_proxy
