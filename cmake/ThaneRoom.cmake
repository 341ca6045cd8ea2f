# thane_room(NAME rooms... [NO_EXCEPTIONS] [COLD paths...] [SEPARATE paths...]): one static library per room, of every .cc below the
# current folder but *_test.cc, linked to the rooms it may include. The same arrows are checked against every #include by
# tests/layers.
#
# Two ways to read the same headers less often: THANE_UNITY compiles the sources of a folder together, up to 30 at a time
# (full builds cost a third), and the headers that nearly all files include are precompiled once for all targets (one
# changed file rebuilds in half the time). What must be compiled alone, because its file-local names (say, an enum of an
# op's inputs) also stand in other files of its folder, is listed after SEPARATE: files or folders, relative to the room.
# tests/layers/check_names.py reads the same lists and finds what is missing from them.
#
# What stands after COLD (files or folders; "." for the whole room) runs a few times per model, not per element: it is
# compiled with THANE_COLD_FLAGS, for size.
#
# NO_EXCEPTIONS: for rooms that throw nothing and hold no locks. Only operator new can throw there, and what it throws
# passes through to the program or the C API, which report it; what the calls in between held is then lost. Without the
# code that would free it the program is a twentieth smaller.
function(thane_room name)
  cmake_parse_arguments(PARSE_ARGV 1 room "NO_EXCEPTIONS" "" "COLD;SEPARATE")
  # What may include the graph's headers: its own room, and those above it.
  set(headers standard)
  if(name STREQUAL "ir")
    set(headers ir)
  endif()
  foreach(room IN LISTS room_UNPARSED_ARGUMENTS)
    get_target_property(theirs thane_${room} THANE_HEADERS)
    if(theirs STREQUAL "ir")
      set(headers ir)
    endif()
  endforeach()
  set(exceptions "")
  if(room_NO_EXCEPTIONS)
    set(exceptions no_exceptions)
  endif()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$|/main\\.cc$|\\.isa\\.cc$")
  set(cold)
  if(THANE_COLD_FLAGS)
    foreach(source IN LISTS sources)
      thane_is_inside(inside ${source} "${room_COLD}")
      if(inside)
        list(APPEND cold ${source})
      endif()
    endforeach()
  endif()
  set(targets thane_${name})
  if("${cold}" STREQUAL "" OR "${cold}" STREQUAL "${sources}")
    add_library(thane_${name} STATIC ${sources})
  else()
    # A target of its own: what is precompiled for one level of optimisation fits no other.
    set(hot ${sources})
    list(REMOVE_ITEM hot ${cold})
    add_library(thane_${name}_cold OBJECT ${cold})
    add_library(thane_${name} STATIC ${hot} $<TARGET_OBJECTS:thane_${name}_cold>)
    list(APPEND targets thane_${name}_cold)
  endif()
  set_target_properties(thane_${name} PROPERTIES THANE_HEADERS ${headers})
  foreach(target IN LISTS targets)
    target_link_libraries(${target} PUBLIC thane_options)
    foreach(room IN LISTS room_UNPARSED_ARGUMENTS)
      target_link_libraries(${target} PUBLIC thane_${room})
    endforeach()
    if(cold AND ("${cold}" STREQUAL "${sources}" OR NOT target STREQUAL thane_${name}))
      separate_arguments(flags UNIX_COMMAND "${THANE_COLD_FLAGS}")
      target_compile_options(${target} PRIVATE ${flags})
      thane_precompile(${target} ${headers} cold ${exceptions})
    else()
      thane_precompile(${target} ${headers} ${exceptions})
    endif()
    if(room_NO_EXCEPTIONS)
      target_compile_options(${target} PRIVATE -fno-exceptions)
    endif()
    thane_unity(${target} "${room_SEPARATE}" ${sources})
  endforeach()
endfunction()

# Whether `source` is one of the paths, or below one of them.
function(thane_is_inside result source paths)
  set(${result} FALSE PARENT_SCOPE)
  foreach(path IN LISTS paths)
    cmake_path(SET prefix NORMALIZE ${CMAKE_CURRENT_SOURCE_DIR}/${path})
    cmake_path(IS_PREFIX prefix ${source} NORMALIZE inside)
    if(inside)
      set(${result} TRUE PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

# Sources compiled together share a folder, so that a new file disturbs the groups of its own folder only; these are of
# about the same size.
function(thane_unity target separate)
  set(folders "")
  foreach(source IN LISTS ARGN)
    thane_is_inside(alone ${source} "${separate}")
    if(NOT alone)
      cmake_path(GET source PARENT_PATH folder)
      list(APPEND folders ${folder})
      list(APPEND sources_of_${folder} ${source})
    endif()
  endforeach()
  list(REMOVE_DUPLICATES folders)
  foreach(folder IN LISTS folders)
    file(RELATIVE_PATH name ${CMAKE_CURRENT_SOURCE_DIR} ${folder})
    list(LENGTH sources_of_${folder} count)
    math(EXPR groups "(${count} + 29) / 30")
    set(index 0)
    foreach(source IN LISTS sources_of_${folder})
      math(EXPR group "${index} * ${groups} / ${count}")
      math(EXPR index "${index} + 1")
      string(MAKE_C_IDENTIFIER "${name}_${group}" group)
      set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${group})
    endforeach()
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${THANE_UNITY} UNITY_BUILD_MODE GROUP)
endfunction()

# thane_precompile(TARGET HEADERS [cold] [no_exceptions]): what most files include, parsed once for all targets with the
# same headers and flags, by the first of them. HEADERS: "standard", or "ir" for that and the graph's. g++ only: the builds
# with clang check that every file includes what it uses.
function(thane_precompile target headers)
  # Compiled together, what needs no more than the standard library is a handful of sources: not worth it.
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU" OR (THANE_UNITY AND headers STREQUAL "standard"))
    return()
  endif()
  list(JOIN ARGN _ flags)
  set(kind THANE_PRECOMPILED_${headers}_${flags})
  get_property(owner GLOBAL PROPERTY ${kind})
  if(NOT owner)
    set(owner ${target})
    set_property(GLOBAL PROPERTY ${kind} ${target})
  endif()
  if(target STREQUAL owner)
    set(files <algorithm> <array> <charconv> <cmath> <cstdint> <cstring> <functional> <limits> <map> <memory> <numeric>
        <optional> <span> <string> <string_view> <unordered_map> <utility> <variant> <vector>)
    if(headers STREQUAL "ir")
      list(APPEND files ${PROJECT_SOURCE_DIR}/src/base/format.h ${PROJECT_SOURCE_DIR}/src/ir/context.h)
    endif()
    target_precompile_headers(${target} PRIVATE ${files})
  else()
    get_target_property(type ${target} TYPE)
    if(type STREQUAL "EXECUTABLE")
      # Programs would be compiled with -fPIE, which makes g++ refuse what was precompiled for libraries.
      set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
      target_compile_options(${target} PRIVATE -fPIC)
    endif()
    target_precompile_headers(${target} REUSE_FROM ${owner})
  endif()
endfunction()
