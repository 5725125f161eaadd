#include "dialects/resource_access.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "core/percent_encoded.h"

namespace responses_proxy {

namespace {

template <class Each>
void for_each_parameter(std::string_view query, Each&& each) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    if (end > 0) each(query.substr(0, end));
    query.remove_prefix(std::min(end + 1, query.size()));
  }
}

std::string_view name_of(std::string_view parameter) {
  return parameter.substr(0, parameter.find('='));
}

// What the resource sets itself.
std::string own_query(const Resource& resource) {
  std::string query = resource.query;
  if (resource.auth.kind != AuthKind::query) return query;
  if (!query.empty()) query += '&';
  return query + percent_encoded(resource.auth.name) + '=' +
         percent_encoded(resource.credential.reveal());
}

void append_parameter(std::string& url, char& separator, std::string_view parameter) {
  url += separator;
  url += parameter;
  separator = '&';
}

}  // namespace

void add_resource_headers(Headers& headers, const Resource& resource) {
  for (const Header& field : resource.headers) headers.set(field.name, field.value);
  const std::string& key = resource.credential.reveal();
  if (resource.auth.kind == AuthKind::bearer) headers.set(resource.auth.name, "Bearer " + key);
  if (resource.auth.kind == AuthKind::header) headers.set(resource.auth.name, key);
}

std::string upstream_url(const Resource& resource, std::string_view path,
                         std::string_view client_query) {
  std::string url = resource.base_url;
  url += path;
  char separator = '?';
  const std::string own = own_query(resource);
  if (own.empty()) {
    if (!client_query.empty()) append_parameter(url, separator, client_query);
    return url;
  }
  std::vector<std::string_view> names;
  for_each_parameter(own, [&](std::string_view one) { names.push_back(name_of(one)); });
  for_each_parameter(client_query, [&](std::string_view one) {
    const bool is_own = std::find(names.begin(), names.end(), name_of(one)) != names.end();
    if (!is_own) append_parameter(url, separator, one);
  });
  append_parameter(url, separator, own);
  return url;
}

UpstreamCall probe_call(const Resource& resource, std::string_view path) {
  UpstreamCall call;
  call.method = "GET";
  call.url = upstream_url(resource, fmt::format("/{}", path));
  return call;
}

}  // namespace responses_proxy
