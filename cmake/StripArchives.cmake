# CPack strips programs and shared libraries; static ones keep their symbols, but need no others.
file(GLOB_RECURSE archives "${CPACK_TEMPORARY_DIRECTORY}/*.a")
if(archives)
  execute_process(COMMAND strip --strip-debug --enable-deterministic-archives ${archives}
                  COMMAND_ERROR_IS_FATAL ANY)
endif()
