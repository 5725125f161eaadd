# Compiles files of control/assets/ into a target.
#
#   rp_embed(<target> FILES dashboard.html openapi.json   # dashboard.html -> kDashboardHtml
#                     SERVED dashboard.css app.js)         # rows of kServedAssets, by file name
#
# Run as a script (-P) it writes the source; see rp_embed.
if(CMAKE_SCRIPT_MODE_FILE)
  # source += `constexpr char <constant>Bytes[]`, and its size in ${size}
  function(add_bytes file constant)
    file(READ "${file}" bytes HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" escaped "${bytes}")
    string(LENGTH "${bytes}" digits)
    math(EXPR size "${digits} / 2")
    string(APPEND source "\nconstexpr char ${constant}Bytes[] = \"${escaped}\";\n")
    set(source "${source}" PARENT_SCOPE)
    set(size ${size} PARENT_SCOPE)
  endfunction()

  set(source "#include \"control/assets.h\"\n\nnamespace responses_proxy::control {\n")
  foreach(file IN LISTS FILES)
    get_filename_component(name "${file}" NAME)
    string(REGEX MATCHALL "[a-z0-9]+" words "${name}")
    set(constant k)
    foreach(word IN LISTS words)
      string(SUBSTRING "${word}" 0 1 first)
      string(SUBSTRING "${word}" 1 -1 others)
      string(TOUPPER "${first}" first)
      string(APPEND constant "${first}${others}")
    endforeach()
    add_bytes("${file}" ${constant})
    string(APPEND source "constexpr std::string_view ${constant}{${constant}Bytes, ${size}};\n")
  endforeach()
  set(rows "")
  set(number 0)
  foreach(file IN LISTS SERVED)
    get_filename_component(name "${file}" NAME)
    add_bytes("${file}" kServed${number})
    string(APPEND rows "    {\"${name}\", {kServed${number}Bytes, ${size}}},\n")
    math(EXPR number "${number} + 1")
  endforeach()
  string(APPEND source "\nconstexpr Asset kServedRows[] = {\n${rows}};\n"
                       "constexpr std::span<const Asset> kServedAssets{kServedRows};\n")
  file(WRITE "${OUTPUT}" "${source}\n}  // namespace responses_proxy::control\n")
  return()
endif()

set(RP_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

function(rp_embed target)
  cmake_parse_arguments(ARG "" "" "FILES;SERVED" ${ARGN})
  set(assets ${CMAKE_CURRENT_SOURCE_DIR}/control/assets)
  list(TRANSFORM ARG_FILES PREPEND ${assets}/)
  list(TRANSFORM ARG_SERVED PREPEND ${assets}/)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/control_assets.cpp)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} "-DFILES=${ARG_FILES}" "-DSERVED=${ARG_SERVED}"
            -P ${RP_EMBED_SCRIPT}
    DEPENDS ${ARG_FILES} ${ARG_SERVED} ${RP_EMBED_SCRIPT}
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
