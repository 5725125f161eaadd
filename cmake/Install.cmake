# What `cmake --install` puts where, for find_package(responses_proxy) and pkg-config. Each library is an
# export set of its own: who asks for core needs the packages of core alone.
include(CMakePackageConfigHelpers)
# Libraries go where the packages have them, with Debian below the architecture's name, whatever the
# prefix is: the prefix of the build is not that of the packages. A host decides for itself.
if(PROJECT_IS_TOP_LEVEL)
  set(CMAKE_INSTALL_PREFIX /usr)  # hides the one of the cache
endif()
include(GNUInstallDirs)
if(PROJECT_IS_TOP_LEVEL)
  unset(CMAKE_INSTALL_PREFIX)
endif()
# Whoever may break the ABI gives the shared libraries another name.
set(RP_ABI ${PROJECT_VERSION_MAJOR})
if(RP_ABI EQUAL 0)
  set(RP_ABI 0.${PROJECT_VERSION_MINOR})
endif()
set(RP_CMAKE_FOLDER ${CMAKE_INSTALL_LIBDIR}/cmake/responses_proxy)
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME dev)
# `cmake --install` installs what is there; it builds nothing.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)

# `component`: of the packages; headers and links for the linker are in dev.
function(rp_install_library target name component)
  if(NOT RP_INSTALL)
    return()
  endif()
  install(TARGETS ${target} EXPORT ${name}
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${component} NAMELINK_COMPONENT dev
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev)
  install(EXPORT ${name} FILE ${name}.cmake NAMESPACE responses_proxy:: DESTINATION ${RP_CMAKE_FOLDER}
          COMPONENT dev)
endfunction()

if(RP_INSTALL)
  set_target_properties(rp_boost PROPERTIES EXPORT_NAME boost)
  install(TARGETS rp_boost EXPORT boost)
  install(EXPORT boost FILE boost.cmake NAMESPACE responses_proxy:: DESTINATION ${RP_CMAKE_FOLDER})
  install(DIRECTORY include/responses_proxy DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  if(HIREDIS_SSL_FOUND)
    set(RP_HIREDIS_SSL ", hiredis_ssl")
    set(RP_HIREDIS_SSL_PACKAGE HIREDIS_SSL:hiredis_ssl)
  endif()
  configure_package_config_file(cmake/responses_proxyConfig.cmake.in
    ${PROJECT_BINARY_DIR}/responses_proxyConfig.cmake INSTALL_DESTINATION ${RP_CMAKE_FOLDER})
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/responses_proxyConfigVersion.cmake
                                   COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/responses_proxyConfig.cmake
                ${PROJECT_BINARY_DIR}/responses_proxyConfigVersion.cmake DESTINATION ${RP_CMAKE_FOLDER})
  get_target_property(definitions rp_boost INTERFACE_COMPILE_DEFINITIONS)
  list(TRANSFORM definitions PREPEND -D)
  list(JOIN definitions " " RP_BOOST_FLAGS)
  # From where they stand: whatever the prefix is.
  file(RELATIVE_PATH RP_PC_TO_PREFIX /usr/${CMAKE_INSTALL_LIBDIR}/pkgconfig /usr)
  string(REGEX REPLACE "/$" "" RP_PC_TO_PREFIX ${RP_PC_TO_PREFIX})
  foreach(name responses_proxy responses_proxy-core)
    configure_file(cmake/${name}.pc.in ${PROJECT_BINARY_DIR}/${name}.pc @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
  endforeach()
endif()
