// A certificate of its own making, and its key.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <array>
#include <boost/asio/ssl/context.hpp>
#include <cstdio>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <string>

namespace responses_proxy::testing {

// Self-signed, so that it is its own CA.
class OwnCertificate {
 public:
  // `names`: "DNS:localhost,IP:127.0.0.1"; `expires_in`, `begins_in`: seconds.
  explicit OwnCertificate(const std::string& names, long expires_in = 3600, long begins_in = -7200)
      : key_(EVP_EC_gen("P-256"), &EVP_PKEY_free), certificate_(X509_new(), &X509_free) {
    X509* certificate = certificate_.get();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), begins_in);
    X509_gmtime_adj(X509_getm_notAfter(certificate), expires_in);
    X509_set_pubkey(certificate, key_.get());
    X509_NAME* name = X509_get_subject_name(certificate);
    // Each its own subject: OpenSSL looks authorities up by it.
    const std::string subject = "test " + std::to_string(std::random_device{}());
    const auto* text = reinterpret_cast<const unsigned char*>(subject.c_str());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    extend(NID_basic_constraints, "critical,CA:TRUE");
    extend(NID_subject_alt_name, names);
    X509_sign(certificate, key_.get(), EVP_sha256());
  }

  void use_in(boost::asio::ssl::context& context) const {
    SSL_CTX_use_certificate(context.native_handle(), certificate_.get());
    SSL_CTX_use_PrivateKey(context.native_handle(), key_.get());
  }
  void trust_in(boost::asio::ssl::context& context) const {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.native_handle()), certificate_.get());
  }
  // What a folder of certificates calls it.
  std::string hashed_name() const {
    std::array<char, 16> name{};
    std::snprintf(name.data(), name.size(), "%08lx.0", X509_subject_name_hash(certificate_.get()));
    return name.data();
  }
  void write(const std::string& path) const {
    write_pem(path, [this](BIO* bio) { PEM_write_bio_X509(bio, certificate_.get()); });
  }
  // "" = in clear.
  void write_key(const std::string& path, const std::string& pass_phrase = "") const {
    write_pem(path, [&](BIO* bio) {
      PEM_write_bio_PrivateKey(
          bio, key_.get(), pass_phrase.empty() ? nullptr : EVP_aes_128_cbc(), nullptr, 0, nullptr,
          pass_phrase.empty() ? nullptr : const_cast<char*>(pass_phrase.c_str()));
    });
  }

 private:
  static void write_pem(const std::string& path, const std::function<void(BIO*)>& write) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), &BIO_free);
    write(bio.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    std::ofstream(path).write(data, size);
  }
  void extend(int nid, const std::string& value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
    X509_add_ext(certificate_.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }

  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  std::unique_ptr<X509, decltype(&X509_free)> certificate_;
};

}  // namespace responses_proxy::testing
