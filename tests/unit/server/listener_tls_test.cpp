#include "server/listener_tls.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "fakes/own_certificate.h"
#include "fakes/temp_folder.h"

using namespace responses_proxy;
using testing::OwnCertificate;

namespace {

constexpr const char* kNames = "IP:127.0.0.1";

struct CertificateFiles {
  CertificateFiles() { write(OwnCertificate(kNames)); }
  void write(const OwnCertificate& certificate) {
    certificate.write(files.certificate);
    certificate.write_key(files.key);
  }
  std::string path(const char* name) const { return (folder.path() / name).string(); }

  testing::TempFolder folder;
  ListenerTls::Files files{path("cert.pem"), path("key.pem"), ""};
};

void put(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

bool begins(const std::string& text, const std::string& beginning) {
  CAPTURE(text);
  return text.rfind(beginning, 0) == 0;
}

}  // namespace

TEST_CASE("files that can be used have no problem") {
  const CertificateFiles written;
  const ListenerTls tls(written.files);
  CHECK(tls.problem() == "");
  CHECK(tls.warning(SystemClock().wall()) == "");
  CHECK(tls.accept(0) != nullptr);
}

TEST_CASE("what is wrong with a file is said with its variable and its path") {
  CertificateFiles written;
  const auto problem = [&] { return ListenerTls(written.files).problem(); };
  const std::string& certificate = written.files.certificate;
  const std::string& key = written.files.key;

  SUBCASE("no certificate there") {
    std::filesystem::remove(certificate);
    CHECK(problem() ==
          "PROXY_TLS_CERT_FILE: " + certificate + " cannot be read: No such file or directory");
    CHECK(ListenerTls(written.files).accept(0) == nullptr);
  }
  SUBCASE("no certificate in it") {
    put(certificate, "nothing of the kind");
    CHECK(problem() == "PROXY_TLS_CERT_FILE: " + certificate + " holds no certificate in PEM form");
  }
  SUBCASE("the two files exchanged") {
    std::swap(written.files.certificate, written.files.key);
    CHECK(problem() == "PROXY_TLS_CERT_FILE: " + certificate + " holds no certificate in PEM form");
  }
  SUBCASE("no key there") {
    std::filesystem::remove(key);
    CHECK(problem() == "PROXY_TLS_KEY_FILE: " + key + " cannot be read: No such file or directory");
  }
  SUBCASE("no key in it") {
    std::filesystem::copy_file(certificate, key, std::filesystem::copy_options::overwrite_existing);
    CHECK(begins(problem(), "PROXY_TLS_KEY_FILE: " + key + " holds no private key in PEM form"));
  }
  SUBCASE("the key of another certificate") {
    OwnCertificate(kNames).write_key(key);
    CHECK(problem() == "PROXY_TLS_KEY_FILE: " + key +
                           " is not the key of the certificate in PROXY_TLS_CERT_FILE");
  }
  SUBCASE("a key with a pass phrase") {
    OwnCertificate other(kNames);
    other.write(certificate);
    other.write_key(key, "secret");
    CHECK(begins(problem(), "PROXY_TLS_KEY_FILE: " + key + " is encrypted"));
    CHECK(problem().find("openssl pkey") != std::string::npos);
  }
  SUBCASE("no authority in the file for clients") {
    written.files.client_ca = written.path("ca.pem");
    put(written.files.client_ca, "nothing of the kind");
    CHECK(problem() == "PROXY_TLS_CLIENT_CA_FILE: " + written.files.client_ca +
                           " holds no certificate in PEM form");
  }
}

TEST_CASE("a certificate that is not valid now is a warning, with the time") {
  CertificateFiles written;
  const WallTime now = SystemClock().wall();
  SUBCASE("any more") {
    written.write(OwnCertificate(kNames, -60));
    const ListenerTls tls(written.files);
    CHECK(tls.problem() == "");
    CHECK(begins(tls.warning(now),
                 "PROXY_TLS_CERT_FILE: " + written.files.certificate + " expired at 2"));
    CHECK(tls.warning(now - std::chrono::hours(1)) == "");
  }
  SUBCASE("yet") {
    written.write(OwnCertificate(kNames, 7'200, 3'600));
    const ListenerTls tls(written.files);
    CHECK(begins(tls.warning(now),
                 "PROXY_TLS_CERT_FILE: " + written.files.certificate + " is not valid before 2"));
  }
}

TEST_CASE("files that have become bad leave those of before in use") {
  CertificateFiles written;
  ListenerTls tls(written.files);
  put(written.files.certificate, "half of a file");
  tls.reload();
  CHECK(begins(tls.problem(), "PROXY_TLS_CERT_FILE: "));
  CHECK(tls.accept(0) != nullptr);
  written.write(OwnCertificate(kNames));
  tls.reload();
  CHECK(tls.problem() == "");
}
