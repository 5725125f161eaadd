#include "core/private_address.h"

#include <doctest/doctest.h>

namespace responses_proxy {

TEST_CASE("private, link-local and special addresses are told from public ones") {
  for (const char* text : {"127.0.0.1",
                           "127.255.0.9",
                           "10.1.2.3",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.168.1.1",
                           "169.254.169.254",
                           "100.64.0.1",
                           "0.0.0.0",
                           "224.0.0.1",
                           "255.255.255.255",
                           "198.18.0.1",
                           "::1",
                           "::",
                           "fe80::1",
                           "fc00::1",
                           "fd12::1",
                           "ff02::1",
                           "::ffff:127.0.0.1",
                           "::ffff:10.0.0.1",
                           "64:ff9b::a00:1",
                           "2002:a00:1::1"}) {
    CHECK_MESSAGE(is_private_address(boost::asio::ip::make_address(text)), text);
  }
  for (const char* text : {"1.1.1.1", "104.18.6.192", "172.32.0.1", "172.15.255.255", "100.128.0.1",
                           "126.255.255.255", "128.0.0.1", "2606:4700::1111", "2a00::1",
                           "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"}) {
    CHECK_MESSAGE(!is_private_address(boost::asio::ip::make_address(text)), text);
  }
}

TEST_CASE("a URL names a private address by number, or this machine by name") {
  for (const char* url : {"http://127.0.0.1:8080/v1", "https://LocalHost/v1", "http://a.localhost",
                          "http://[::1]:9/v1", "http://10.0.0.1", "https://user@192.168.0.1/v1",
                          "http://[fe80::1]"}) {
    CHECK_MESSAGE(names_private_address(url), url);
  }
  for (const char* url :
       {"https://api.openai.com/v1", "http://8.8.8.8:80", "https://localhost.example",
        "https://example/localhost", "http://[2606:4700::1111]/v1"}) {
    CHECK_MESSAGE(!names_private_address(url), url);
  }
}

}  // namespace responses_proxy
