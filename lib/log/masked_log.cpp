#include "log/masked_log.h"

#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/secret_mask.h"

namespace responses_proxy {

Log masked_log(const Config& config, Log log) {
  std::vector<const Secret*> secrets{&config.admin_token};
  for (const Secret& key : config.secret_encryption_keys) secrets.push_back(&key);
  for (const ClientToken& token : config.client_tokens) secrets.push_back(&token.secret);
  for (const Resource& resource : config.resources) secrets.push_back(&resource.credential);
  return [mask = std::make_shared<const SecretMask>(secrets),
          log = std::move(log)](const LogEvent& event) {
    LogEvent safe = event;
    safe.message = mask->apply(event.message);
    for (auto& [name, value] : safe.fields) {
      if (auto* text = std::get_if<std::string>(&value)) *text = mask->apply(*text);
    }
    log(safe);
  };
}

}  // namespace responses_proxy
