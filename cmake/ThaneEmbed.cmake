# thane_embed(TARGET NAMESPACE files...): makes each file's text a string_view in <room>/embedded.h's namespace, named
# after the file ("protocol.py" becomes k_protocol_py); file("protocol.py") finds it by name. The text becomes
# part of the program; nothing is read at run time.
function(thane_embed target namespace)
  set(source "${CMAKE_CURRENT_BINARY_DIR}/embedded_${target}.cc")
  set(text "#include <string_view>\n\nnamespace ${namespace} {\n")
  set(names "std::string_view file(std::string_view name);\nstd::string_view file(std::string_view name) {\n")
  foreach(file IN LISTS ARGN)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    get_filename_component(name ${file} NAME)
    string(MAKE_C_IDENTIFIER "k_${name}" symbol)
    # As numbers: any byte may occur, and no compiler limits their count.
    file(READ ${file} bytes HEX)
    string(LENGTH "${bytes}" digits)
    math(EXPR size "${digits} / 2")
    string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
    string(APPEND text "static constexpr char bytes_${symbol}[] = {${bytes}'\\0'};\n"
                       "extern const std::string_view ${symbol};\n"
                       "constinit const std::string_view ${symbol}{bytes_${symbol}, ${size}};\n")
    string(APPEND names "  if (name == \"${name}\") return ${symbol};\n")
  endforeach()
  string(APPEND text "${names}  return {};\n}\n}  // namespace ${namespace}\n")
  file(GENERATE OUTPUT ${source} CONTENT "${text}")
  target_sources(${target} PRIVATE ${source})
endfunction()
