#include "server/listener_tls.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include <array>
#include <ctime>
#include <optional>
#include <string_view>
#include <utility>

#include "core/file_stamp.h"

namespace responses_proxy {

namespace {

constexpr const char* kCertificate = "PROXY_TLS_CERT_FILE";
constexpr const char* kKey = "PROXY_TLS_KEY_FILE";
constexpr const char* kClientCa = "PROXY_TLS_CLIENT_CA_FILE";

constexpr std::size_t kMaxFileBytes = 4 * 1024 * 1024;

std::string about(const char* variable, const std::string& file, std::string_view what) {
  return fmt::format("{}: {} {}", variable, file, what);
}

std::string read_problem(const char* variable, const std::string& file) {
  std::string problem;
  if (read_file(file, kMaxFileBytes, problem)) return {};
  return about(variable, file, "cannot be read: " + problem);
}

// OpenSSL's own words for what went wrong; its queue is empty then.
std::string reason() {
  const unsigned long error = ERR_peek_error();
  const char* text = ERR_reason_error_string(error);
  ERR_clear_error();
  return text != nullptr ? text : "unknown reason";
}

// The first one is the cause; others only say what failed because of it.
bool cause_is(int library, int code) {
  const unsigned long error = ERR_peek_error();
  return ERR_GET_LIB(error) == library && ERR_GET_REASON(error) == code;
}

bool no_pem_found() {
  return cause_is(ERR_LIB_PEM, PEM_R_NO_START_LINE);
}

// Nobody is there to be asked for a pass phrase.
int no_pass_phrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

std::string load_certificate(SSL_CTX* context, const std::string& file) {
  if (std::string problem = read_problem(kCertificate, file); !problem.empty()) return problem;
  if (SSL_CTX_use_certificate_chain_file(context, file.c_str()) == 1) return {};
  if (no_pem_found()) {
    ERR_clear_error();
    return about(kCertificate, file, "holds no certificate in PEM form");
  }
  return about(kCertificate, file, "cannot be used: " + reason());
}

std::string load_key(SSL_CTX* context, const std::string& file) {
  if (std::string problem = read_problem(kKey, file); !problem.empty()) return problem;
  bool asked = false;
  SSL_CTX_set_default_passwd_cb(context, no_pass_phrase);
  SSL_CTX_set_default_passwd_cb_userdata(context, &asked);
  const bool used = SSL_CTX_use_PrivateKey_file(context, file.c_str(), SSL_FILETYPE_PEM) == 1;
  SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
  if (used) return {};
  const bool other = cause_is(ERR_LIB_X509, X509_R_KEY_VALUES_MISMATCH) ||
                     cause_is(ERR_LIB_X509, X509_R_KEY_TYPE_MISMATCH);
  const std::string words = reason();
  if (asked) {
    return about(kKey, file,
                 "is encrypted, and nobody is asked for its pass phrase: write it without one "
                 "(`openssl pkey -in encrypted.pem -out key.pem`)");
  }
  if (other) {
    return about(kKey, file, fmt::format("is not the key of the certificate in {}", kCertificate));
  }
  return about(kKey, file, "holds no private key in PEM form (" + words + ")");
}

std::string load_client_ca(SSL_CTX* context, const std::string& file) {
  if (std::string problem = read_problem(kClientCa, file); !problem.empty()) return problem;
  STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(file.c_str());
  if (names == nullptr || SSL_CTX_load_verify_file(context, file.c_str()) != 1) {
    sk_X509_NAME_pop_free(names, X509_NAME_free);
    ERR_clear_error();
    return about(kClientCa, file, "holds no certificate in PEM form");
  }
  SSL_CTX_set_client_CA_list(context, names);  // takes it
  return {};
}

// The server's own certificate, or what the authorities vouch for. That the client has the key of
// it is checked elsewhere, for both.
int verify_client(X509_STORE_CTX* presented, void* context) {
  const X509* own = SSL_CTX_get0_certificate(static_cast<SSL_CTX*>(context));
  if (X509_cmp(X509_STORE_CTX_get0_cert(presented), own) != 0) return X509_verify_cert(presented);
  X509_STORE_CTX_set_error(presented, X509_V_OK);
  return 1;
}

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* length,
                    const unsigned char* offered, unsigned offered_length, void*) {
  static constexpr std::array<unsigned char, 9> kOwn{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, length, kOwn.data(), kOwn.size(), offered, offered_length) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;  // RFC 7301 section 3.2
  }
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

void set_terms(SSL_CTX* context, bool clients_verified) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  // A connection that ends without a word is seen by HTTP, which knows how long a message is.
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);  // idle connections are many
  // Sessions are taken up again by tickets, which need no table here.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  if (!clients_verified) return;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(context, verify_client, context);
  static constexpr std::string_view kScope = "rp-server";  // without one, no session is taken up
  SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>(kScope.data()),
                                 kScope.size());
}

std::string load(SSL_CTX* context, const ListenerTls::Files& files) {
  ERR_clear_error();
  std::string problem = load_certificate(context, files.certificate);
  if (problem.empty()) problem = load_key(context, files.key);
  if (problem.empty() && !files.client_ca.empty()) {
    problem = load_client_ca(context, files.client_ca);
  }
  return problem;
}

std::string utc(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unknown time";
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", parts);
}

}  // namespace

ListenerTls::ListenerTls(Files files) : files_(std::move(files)) {
  reload();
}

void ListenerTls::reload() {
  Context fresh(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  std::string problem = "PROXY_TLS_CERT_FILE: no memory";
  if (fresh) {
    set_terms(fresh.get(), !files_.client_ca.empty());
    problem = load(fresh.get(), files_);
  }
  const std::scoped_lock lock(mutex_);
  if (problem.empty()) context_ = std::move(fresh);
  problem_ = std::move(problem);
}

std::string ListenerTls::problem() const {
  const std::scoped_lock lock(mutex_);
  return problem_;
}

std::string ListenerTls::warning(WallTime now) const {
  const std::scoped_lock lock(mutex_);
  if (!context_) return {};
  const X509* certificate = SSL_CTX_get0_certificate(context_.get());
  std::time_t moment = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
  const ASN1_TIME* begin = X509_get0_notBefore(certificate);
  const ASN1_TIME* end = X509_get0_notAfter(certificate);
  if (X509_cmp_time(end, &moment) < 0) {
    return about(kCertificate, files_.certificate,
                 fmt::format("expired at {}: clients will refuse it", utc(end)));
  }
  if (X509_cmp_time(begin, &moment) > 0) {
    return about(kCertificate, files_.certificate,
                 fmt::format("is not valid before {}: clients will refuse it", utc(begin)));
  }
  return {};
}

TlsSession ListenerTls::accept(int socket) const {
  Context context;
  {
    const std::scoped_lock lock(mutex_);
    context = context_;
  }
  if (!context) return nullptr;
  TlsSession session(SSL_new(context.get()));
  if (!session || SSL_set_fd(session.get(), socket) != 1) return nullptr;
  SSL_set_accept_state(session.get());
  return session;
}

}  // namespace responses_proxy
