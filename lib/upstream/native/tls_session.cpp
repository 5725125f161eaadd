#include "upstream/native/tls_session.h"

#include <utility>

namespace responses_proxy {

void TlsSessions::add(TlsSession session, std::shared_ptr<X509_STORE> store) {
  if (sessions_.size() >= kMaxSessions) sessions_.pop_front();
  sessions_.push_back({std::move(session), std::move(store)});
}

TlsSession TlsSessions::take(const std::shared_ptr<X509_STORE>& store) {
  while (!sessions_.empty()) {
    Kept kept = std::move(sessions_.back());
    sessions_.pop_back();
    // A resumed session shows no certificate: what was good by other authorities says nothing.
    if (kept.session && kept.store == store && SSL_SESSION_is_resumable(kept.session.get()) == 1) {
      return std::move(kept.session);
    }
  }
  return {nullptr, &SSL_SESSION_free};
}

}  // namespace responses_proxy
