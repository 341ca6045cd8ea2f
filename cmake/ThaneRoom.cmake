# thane_room(NAME rooms...): one static library per room, of every .cc below the current folder but *_test.cc, linked to
# the rooms it may include. The same arrows are checked against every #include by tests/layers.
function(thane_room name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$|/main\\.cc$|\\.isa\\.cc$")
  add_library(thane_${name} STATIC ${sources})
  target_link_libraries(thane_${name} PUBLIC thane_options)
  foreach(room IN LISTS ARGN)
    target_link_libraries(thane_${name} PUBLIC thane_${room})
  endforeach()
endfunction()
