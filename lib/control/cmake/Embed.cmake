# Compiles files into a target as `const std::string_view` constants.
#
#   rp_embed(<target> FILES dashboard.html openapi.json)   dashboard.html -> kDashboardHtml
#
# Run as a script (-P) it writes the source; see rp_embed.
if(CMAKE_SCRIPT_MODE_FILE)
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
    file(READ "${file}" bytes HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" escaped "${bytes}")
    string(LENGTH "${bytes}" digits)
    math(EXPR size "${digits} / 2")
    string(APPEND source "\nconstexpr char ${constant}Bytes[] = \"${escaped}\";\n"
                         "constexpr std::string_view ${constant}{${constant}Bytes, ${size}};\n")
  endforeach()
  file(WRITE "${OUTPUT}" "${source}\n}  // namespace responses_proxy::control\n")
  return()
endif()

set(RP_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

function(rp_embed target)
  cmake_parse_arguments(ARG "" "" "FILES" ${ARGN})
  set(assets ${CMAKE_CURRENT_SOURCE_DIR}/control/assets)
  list(TRANSFORM ARG_FILES PREPEND ${assets}/)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/control_assets.cpp)
  add_custom_command(
    OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} "-DFILES=${ARG_FILES}" -P ${RP_EMBED_SCRIPT}
    DEPENDS ${ARG_FILES} ${RP_EMBED_SCRIPT}
    VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
