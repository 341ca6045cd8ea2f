# thane_embed(TARGET NAMESPACE files...): packs files into the program; nothing is read at run time. NAMESPACE::file(NAME),
# which <room>/embedded.h declares, gives the text of one by its name without folders.
function(thane_embed target namespace)
  set(source "${CMAKE_CURRENT_BINARY_DIR}/embedded_${target}.cc")
  set(arrays "")
  set(entries "")
  foreach(file IN LISTS ARGN)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    get_filename_component(name ${file} NAME)
    string(MAKE_C_IDENTIFIER "k_${name}" symbol)
    set(packed "${CMAKE_CURRENT_BINARY_DIR}/${name}.gz")
    file(ARCHIVE_CREATE OUTPUT ${packed} PATHS ${file} FORMAT raw COMPRESSION GZip COMPRESSION_LEVEL 9)
    file(READ ${packed} bytes HEX)
    string(SUBSTRING "${bytes}" 16 -1 rest)
    set(bytes "1f8b080000000000${rest}")  # without the time: the same bytes every day
    string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${bytes}")
    file(SIZE ${file} size)
    string(APPEND arrays "constexpr char ${symbol}[] = {${bytes}};\n")
    string(APPEND entries "    {\"${name}\", {${symbol}, sizeof(${symbol})}, ${size}},\n")
  endforeach()
  file(GENERATE OUTPUT ${source} CONTENT "#include \"base/embedded.h\"

namespace ${namespace} {
namespace {
${arrays}
constexpr thane::EmbeddedFile kFiles[] = {
${entries}};
}  // namespace
std::string file(std::string_view name);
std::string file(std::string_view name) { return thane::embedded_text(kFiles, name); }
}  // namespace ${namespace}
")
  target_sources(${target} PRIVATE ${source})
endfunction()
