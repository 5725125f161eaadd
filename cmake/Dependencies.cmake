# Every third-party library comes from the distribution (Debian 12 or 13, Ubuntu 24.04);
# scripts/setup installs the packages.
if(POLICY CMP0167)
  cmake_policy(SET CMP0167 NEW)  # Boost brings its own configuration file
endif()
find_package(Threads REQUIRED)
find_package(Boost 1.74 REQUIRED)
find_package(CURL REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(fmt REQUIRED)
find_package(simdjson REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(SQLiteCpp REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)  # its header is all that is used
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(HTTPLIB REQUIRED IMPORTED_TARGET cpp-httplib)
# Where it is built with TLS, its headers need OpenSSL's, and some versions its libraries as well.
add_library(rp_httplib INTERFACE)
target_link_libraries(rp_httplib INTERFACE PkgConfig::HTTPLIB OpenSSL::SSL OpenSSL::Crypto)
pkg_check_modules(HIREDIS REQUIRED IMPORTED_TARGET hiredis)
pkg_check_modules(HIREDIS_SSL IMPORTED_TARGET hiredis_ssl)  # hiredis has TLS from 1.0 on
pkg_check_modules(PQXX REQUIRED IMPORTED_TARGET libpqxx)
pkg_check_modules(PQ REQUIRED IMPORTED_TARGET libpq)

# Header-only parts of Boost (Asio, Beast), as system headers: their warnings are not ours.
add_library(rp_boost INTERFACE)
target_link_libraries(rp_boost INTERFACE Boost::headers)
target_compile_definitions(rp_boost INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE)
if(Boost_VERSION_STRING VERSION_LESS 1.83)
  # Later versions have a string_view of their own that converts, and a note for whoever defines it.
  target_compile_definitions(rp_boost INTERFACE BOOST_BEAST_USE_STD_STRING_VIEW)
endif()
target_link_libraries(rp_boost INTERFACE Threads::Threads)
