# thane_room(NAME rooms... [SEPARATE paths...]): one static library per room, of every .cc below the current folder but
# *_test.cc, linked to the rooms it may include. The same arrows are checked against every #include by tests/layers.
#
# Two ways to read the same headers less often: THANE_UNITY compiles the sources of a folder together, up to eight at a
# time (full builds cost less than half), and the standard library is precompiled once for all targets (one changed file
# rebuilds in half the time). What must be compiled alone, because its file-local names (say, an enum of an op's inputs)
# also stand in other files of its folder, is listed after SEPARATE: files or folders, relative to the room.
# tests/layers/check_names.py reads the same lists and finds what is missing from them.
function(thane_room name)
  cmake_parse_arguments(PARSE_ARGV 1 room "" "" "SEPARATE")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$|/main\\.cc$|\\.isa\\.cc$")
  add_library(thane_${name} STATIC ${sources})
  target_link_libraries(thane_${name} PUBLIC thane_options)
  foreach(room IN LISTS room_UNPARSED_ARGUMENTS)
    target_link_libraries(thane_${name} PUBLIC thane_${room})
  endforeach()
  thane_precompile(thane_${name})
  thane_unity(thane_${name} "${room_SEPARATE}" ${sources})
endfunction()

# Sources compiled together share a folder, so that a new file disturbs the groups of its own folder only.
function(thane_unity target separate)
  set(folder "")
  foreach(source IN LISTS ARGN)
    set(alone FALSE)
    foreach(path IN LISTS separate)
      cmake_path(SET prefix ${CMAKE_CURRENT_SOURCE_DIR}/${path})
      cmake_path(IS_PREFIX prefix ${source} inside)
      if(inside)
        set(alone TRUE)
      endif()
    endforeach()
    if(alone)
      continue()
    endif()
    get_filename_component(here ${source} DIRECTORY)
    if(NOT here STREQUAL folder)
      set(folder ${here})
      set(index 0)
    endif()
    math(EXPR batch "${index} / 8")
    math(EXPR index "${index} + 1")
    file(RELATIVE_PATH group ${CMAKE_CURRENT_SOURCE_DIR} ${folder})
    string(MAKE_C_IDENTIFIER "${group}_${batch}" group)
    set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${group})
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${THANE_UNITY} UNITY_BUILD_MODE GROUP)
endfunction()

# thane_precompile(TARGET): the standard headers most files include, parsed once for all targets. g++ only: the builds
# with clang check that every file includes what it uses.
function(thane_precompile target)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    return()
  endif()
  if(target STREQUAL "thane_base")
    target_precompile_headers(${target} PRIVATE <algorithm> <array> <charconv> <cmath> <cstdint> <cstring> <functional>
      <limits> <map> <memory> <numeric> <optional> <span> <string> <string_view> <unordered_map> <utility> <variant>
      <vector>)
  else()
    get_target_property(type ${target} TYPE)
    if(type STREQUAL "EXECUTABLE")
      # Programs would be compiled with -fPIE, which makes g++ refuse what was precompiled for libraries.
      set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
      target_compile_options(${target} PRIVATE -fPIC)
    endif()
    target_precompile_headers(${target} REUSE_FROM thane_base)
  endif()
endfunction()
