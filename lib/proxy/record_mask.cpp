#include "proxy/record_mask.h"

#include <utility>

#include "dialects/headers.h"

namespace responses_proxy {

namespace {

// "Bearer abc", "Basic abc" or the bare value of an x-api-key.
std::string_view without_scheme(std::string_view value) {
  const std::size_t blank = value.find(' ');
  return blank == std::string_view::npos ? value : value.substr(blank + 1);
}

}  // namespace

std::shared_ptr<const SecretMask> KnownSecrets::mask() {
  const auto& table = routing_.table();
  if (mask_ && table == table_) return mask_;
  std::vector<const Secret*> secrets{&config_.admin_token};
  for (const Secret& key : config_.secret_encryption_keys) secrets.push_back(&key);
  for (const ClientToken& token : config_.client_tokens) secrets.push_back(&token.secret);
  for (const Target& target : table->all()) secrets.push_back(&target.resource->credential);
  mask_ = std::make_shared<const SecretMask>(secrets);
  table_ = table;
  return mask_;
}

RecordMask::RecordMask(std::shared_ptr<const SecretMask> known, const Headers& from_client)
    : known_(std::move(known)) {
  std::vector<Secret> given;
  for (const FieldId credential : kCredentialFields) {
    const std::string_view value = without_scheme(from_client.get(credential));
    // A shorter one is a placeholder; masking it would hit words that mean something.
    if (value.size() >= SecretMask::kDistinct) given.emplace_back(std::string(value));
  }
  if (given.empty()) return;
  std::vector<const Secret*> secrets;
  secrets.reserve(given.size());
  for (const Secret& secret : given) secrets.push_back(&secret);
  of_client_.emplace(secrets);
}

std::string RecordMask::apply(std::string_view text, std::size_t limit) const {
  if (text.empty()) return {};
  std::string masked = known_->apply(text, limit);
  return of_client_ ? of_client_->apply(masked) : masked;
}

void RecordMask::apply_to(std::string& word) const {
  known_->apply_to(word);
  if (of_client_) of_client_->apply_to(word);
}

void RecordMask::apply(RequestRecord& record) const {
  for (std::string* word : {&record.client_request_id, &record.path, &record.session_id,
                            &record.session_name, &record.requested_pool_id, &record.model,
                            &record.previous_response_id, &record.response_id, &record.error}) {
    apply_to(*word);
  }
  for (AttemptRecord& attempt : record.attempts) {
    apply_to(attempt.error);
    apply_to(attempt.upstream_request_id);
  }
}

void RecordMask::apply_to_words_of_host(RequestRecord& record) const {
  for (std::string* word : {&record.caller, &record.model_alias, &record.adjusted,
                            &record.request_body, &record.response_body}) {
    apply_to(*word);
  }
}

}  // namespace responses_proxy
