#include "proxy/local_answers/model_list.h"

#include <chrono>
#include <set>
#include <utility>

#include "codex/model_object.h"

namespace responses_proxy::local_answers {

std::string model_list(std::span<const ModelAlias> aliases, std::string_view of_upstream) {
  Json data = Json::array();
  std::set<std::string> listed;
  for (const ModelAlias& alias : aliases) {
    if (listed.insert(alias.name).second) data.push_back(model_object(alias.name));
  }
  const Json list = Json::parse(of_upstream, nullptr, false);
  if (list.is_object() && list.contains("data") && list["data"].is_array()) {
    for (const Json& model : list["data"]) {
      const bool named = model.is_object() && model.contains("id") && model["id"].is_string();
      if (named && listed.insert(model["id"].get<std::string>()).second) data.push_back(model);
    }
  }
  return dump({{"object", "list"}, {"data", std::move(data)}});
}

AnswerHead ModelListTranslation::head(int status, Headers from_upstream) {
  AnswerHead head = of_upstream_->head(status, std::move(from_upstream));
  head.event_stream = false;
  head.response.status = 200;
  head.response.content_length.reset();
  for (const char* name : {"content-length", "etag", "last-modified", "retry-after"}) {
    head.response.headers.erase(name);
  }
  head.response.headers.set("content-type", "application/json");
  return head;
}

void ModelListTranslation::bytes(std::string_view bytes) {
  if (list_.size() + bytes.size() <= kMaxBytes) list_.append(bytes);
}

void ModelListTranslation::finish(AnswerSink& sink) {
  of_upstream_->finish(*this);
  sink.bytes(model_list(table_->aliases(), list_));
}

}  // namespace responses_proxy::local_answers
