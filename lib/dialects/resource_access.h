// What every request to a resource has, whatever its dialect: its URL, its own headers, and the
// credential in the place where the provider looks for it.
//
// Ownership  Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "responses_proxy/dialect.h"
#include "responses_proxy/request.h"
#include "responses_proxy/resource.h"

namespace responses_proxy {

// Adds Resource::headers and, for AuthKind::bearer and header, the credential; both in place of
// fields of the same name.
void add_resource_headers(Headers& headers, const Resource& resource);

// The base URL, `path` ("/responses", or "" for none), then the query: the client's, without the
// parameters that the resource sets itself; Resource::query; for AuthKind::query the credential. It
// may so hold a secret.
std::string upstream_url(const Resource& resource, std::string_view path,
                         std::string_view client_query = {});

// A GET of `path`, relative to the base URL ("models"), for Dialect::probe(): without headers.
UpstreamCall probe_call(const Resource& resource, std::string_view path);

}  // namespace responses_proxy
