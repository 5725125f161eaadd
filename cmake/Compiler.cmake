# Compiler settings shared by every target of this project (never forced on a host project).
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# Paths below the sources do not count: what one checkout has compiled, another takes from the cache.
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND PROJECT_IS_TOP_LEVEL)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE_PROGRAM})
endif()

# Errors for whoever works on this project: a host's newer compiler may warn of more.
option(RP_WARNINGS_ARE_ERRORS "Warnings end the build" ${PROJECT_IS_TOP_LEVEL})
add_library(rp_warnings INTERFACE)
target_compile_options(rp_warnings INTERFACE -Wall -Wextra -Wconversion -Wshadow)
if(RP_WARNINGS_ARE_ERRORS)
  target_compile_options(rp_warnings INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14)
  # GCC 12 reports false findings inside libstdc++ when it inlines std::string and std::variant.
  target_compile_options(rp_warnings INTERFACE -Wno-restrict -Wno-maybe-uninitialized)
endif()
if(RP_FEW_TEXTS AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Meant for headers: it takes every source file of a text but the first for one.
  target_compile_options(rp_warnings INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-subobject-linkage>)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 15)
  # clang 14 implements coroutines but does not announce them, so libstdc++ hides <coroutine>.
  add_compile_definitions(__cpp_impl_coroutine=201902L)
endif()

if(RP_SANITIZE)
  add_compile_options(-fsanitize=${RP_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${RP_SANITIZE})
  if(RP_SANITIZE MATCHES "undefined" AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    # This check needs a descriptor itself, and calls their lack a defect: there are tests without any.
    add_compile_options(-fno-sanitize=vptr)
    add_link_options(-fno-sanitize=vptr)
  endif()
  if(RP_SANITIZE MATCHES "undefined" AND CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND
     CMAKE_CXX_COMPILER_VERSION VERSION_LESS 17)
    # This check and coroutines make objects that cannot be assembled (llvm-project issue 49689).
    add_compile_options(-fno-sanitize=function)
  endif()
  if(RP_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Asio has fences that TSan does not model; GCC says so where they are inlined.
    add_compile_options(-Wno-tsan)
  endif()
endif()
