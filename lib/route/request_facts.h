// RequestFacts: what routing and records need to know of a request.
//
// Everything else in the body is the upstream's business and stays unread: unknown fields, items
// and tools pass.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/bounded_id.h"
#include "core/json_members.h"
#include "responses_proxy/request.h"
#include "responses_proxy/result.h"
#include "route/endpoint.h"

namespace responses_proxy {

struct RequestFacts {
  std::string model;
  bool stream = false;
  std::string pool_id;     // X-Proxy-Pool-ID or X-Pool-ID, else metadata.pool_id
  std::string pool_param;  // where it was found: "metadata.pool_id" or the header's name

  // Why a resource must or should be used again; the first non-empty one counts. Ids in the path
  // are percent-decoded.
  std::string previous_response_id;
  std::string conversation_id;  // from the body or the path
  std::string path_response_id;
  // Ids of stored items that the input refers to (`item_reference`), the last one first; of more
  // than kMaxItemReferences the last ones.
  std::vector<std::string> item_references;
  // Compared with in the prompt cache (prompt_cache_options): its resource is only preferred.
  std::string comparison_response_id;

  bool stored = true;  // `store` is not false: what comes of it can be continued
  bool background = false;

  // The client's session, first match of: X-Proxy-Session-ID, the client's own header (session_id,
  // session-id, x-session-id, conversation_id), metadata.session_id, client_metadata's session or
  // thread id, prompt_cache_key, the `id` of a search.
  std::string session_id;
  std::string session_name;  // X-Proxy-Session-Name, else metadata.session_name

  // The id whose account must serve this request, "" if there is none.
  const std::string& response_key() const;
  // Whether it builds on something that, perhaps, one account only knows.
  bool continues() const { return !response_key().empty() || !item_references.empty(); }
};

// Of a `previous_response_id`: the same words whoever does not know it.
Error previous_response_not_found(std::string_view id);

// A longer id of a response or a conversation is refused; of a session, a pool or a model it is
// shortened, see core/bounded_id.h.
inline constexpr std::size_t kMaxKeyBytes = 512;
inline constexpr std::size_t kMaxItemReferences = 8;

// The fields of a body that routing needs, read in one pass over it.
class BodyFields {
 public:
  BodyFields();
  ~BodyFields();
  BodyFields(BodyFields&&) noexcept;
  BodyFields& operator=(BodyFields&&) noexcept;

  void read(std::string_view body);
  // As well as all of its members, see read_json_fields(). false: it is not a JSON object.
  bool read(std::string_view body, JsonMembers& members);

 private:
  friend Result<RequestFacts> read_request_facts(const Headers&, const Endpoint&,
                                                 const BodyFields&);
  struct Fields;
  std::unique_ptr<Fields> fields_;
};

// Error: the body is not what the endpoint needs, or a routing field has the wrong type.
Result<RequestFacts> read_request_facts(const Headers& headers, const Endpoint& endpoint,
                                        const BodyFields& body);
Result<RequestFacts> read_request_facts(const Request& request, const Endpoint& endpoint);

}  // namespace responses_proxy
