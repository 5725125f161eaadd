# What of the system's the program needs beside its binary, and the Debian packages: scripts/package.
set(debian ${PROJECT_SOURCE_DIR}/deploy/debian)
set(made ${PROJECT_BINARY_DIR}/debian)
find_program(GZIP gzip REQUIRED)
function(rp_gzip from to)
  execute_process(COMMAND ${GZIP} -9nc ${from} OUTPUT_FILE ${to} COMMAND_ERROR_IS_FATAL ANY)
endfunction()
file(MAKE_DIRECTORY ${made})

# Whoever packages a version says when; the manual says no date that is not so.
set(VERSION ${PROJECT_VERSION})
configure_file(${debian}/rp-server.8 ${made}/rp-server.8 @ONLY)
configure_file(${debian}/changelog.in ${made}/changelog @ONLY)
rp_gzip(${made}/rp-server.8 ${made}/rp-server.8.gz)
rp_gzip(${made}/changelog ${made}/changelog.Debian.gz)

set(libraries libresponses-proxy${RP_ABI})
set(libraries_core libresponses-proxy-core${RP_ABI})
set(package_server rp-server)
set(package_core ${libraries_core})
set(package_lib ${libraries})
set(package_dev libresponses-proxy-dev)
set(components core lib dev)
if(NOT RP_BUILD_SHARED)
  set(components dev)
endif()
if(RP_BUILD_SERVER)
  list(APPEND components server)
  install(FILES ${made}/rp-server.8.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man8 COMPONENT server)
  # Units and settings have their places beside /usr; below another prefix nobody would read them.
  install(CODE "set(deploy \"${PROJECT_SOURCE_DIR}/deploy\")" COMPONENT server)
  install(SCRIPT ${PROJECT_SOURCE_DIR}/cmake/InstallService.cmake COMPONENT server)
endif()
foreach(component IN LISTS components)
  set(documents ${CMAKE_INSTALL_DATADIR}/doc/${package_${component}})
  install(FILES ${debian}/copyright ${made}/changelog.Debian.gz DESTINATION ${documents} COMPONENT ${component})
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME responses-proxy)
set(CPACK_PACKAGE_VENDOR "responses_proxy")
set(CPACK_PACKAGE_CONTACT "responses_proxy maintainers <maintainers@responses-proxy.invalid>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL ${components})
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/StripArchives.cmake)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(about "speaks the Responses API between agents and several keys, accounts and
 providers: with affinity, failover and a record of every request.")

set(CPACK_DEBIAN_SERVER_PACKAGE_NAME ${package_server})
set(CPACK_DEBIAN_SERVER_PACKAGE_SECTION net)
set(CPACK_COMPONENT_SERVER_DESCRIPTION "load-balancing proxy for the OpenAI Responses API
 rp-server ${about}")
set(CPACK_DEBIAN_SERVER_PACKAGE_DEPENDS "ca-certificates")
set(CPACK_DEBIAN_SERVER_PACKAGE_SUGGESTS "redis-server, postgresql")
set(CPACK_DEBIAN_SERVER_PACKAGE_CONTROL_EXTRA
    ${debian}/conffiles ${debian}/postinst ${debian}/prerm ${debian}/postrm)

set(CPACK_DEBIAN_CORE_PACKAGE_NAME ${package_core})
set(CPACK_DEBIAN_CORE_PACKAGE_SECTION libs)
set(CPACK_COMPONENT_CORE_DESCRIPTION "picks among keys for the OpenAI Responses API, and translates
 The part of libresponses_proxy that does no I/O, for C++ and for C.")
set(CPACK_DEBIAN_LIB_PACKAGE_NAME ${package_lib})
set(CPACK_DEBIAN_LIB_PACKAGE_SECTION libs)
set(CPACK_COMPONENT_LIB_DESCRIPTION "gateway library for the OpenAI Responses API
 libresponses_proxy ${about}")
foreach(component CORE LIB)
  set(CPACK_DEBIAN_${component}_PACKAGE_CONTROL_EXTRA ${debian}/triggers)
endforeach()

set(CPACK_DEBIAN_DEV_PACKAGE_NAME ${package_dev})
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_COMPONENT_DEV_DESCRIPTION "gateway library for the OpenAI Responses API (development files)
 Headers, static libraries, CMake and pkg-config files. What is recommended is for the static
 libraries of the components beyond core.")
set(exactly "(= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS
    "${libraries} ${exactly}, ${libraries_core} ${exactly}, libboost-dev, libfmt-dev, libsimdjson-dev, zlib1g-dev, libzstd-dev, libssl-dev")
set(CPACK_DEBIAN_DEV_PACKAGE_RECOMMENDS
    "libcurl4-openssl-dev, libhiredis-dev, libsqlitecpp-dev, libsqlite3-dev, libpqxx-dev, libpq-dev, prometheus-cpp-dev, libcpp-httplib-dev")
foreach(component SERVER CORE LIB)
  set(CPACK_DEBIAN_${component}_DEBUGINFO_PACKAGE ON)
endforeach()
include(CPack)
