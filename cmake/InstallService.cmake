# Installs the units, and the settings they read, where the program goes below /usr.
get_filename_component(name "${CMAKE_INSTALL_PREFIX}" NAME)
if(NOT name STREQUAL "usr")
  return()
endif()
get_filename_component(root "${CMAKE_INSTALL_PREFIX}" DIRECTORY)
string(REGEX REPLACE "/$" "" root "${root}")  # of /usr it is /, and //etc would be a network's path
file(INSTALL ${deploy}/systemd/rp-server.service ${deploy}/systemd/rp-server.socket
     DESTINATION "${CMAKE_INSTALL_PREFIX}/lib/systemd/system" TYPE FILE)
# Keys stand in there.
file(INSTALL ${deploy}/debian/rp-server.default DESTINATION "${root}/etc/default" TYPE FILE
     RENAME rp-server PERMISSIONS OWNER_READ OWNER_WRITE)
