# What `cmake --install` puts down: the program with its man page and completions, and for programs that use thane the headers,
# one static library of all rooms, a CMake package and a pkg-config file.
include(GNUInstallDirs)

# The headers state the version too: one of them would be forgotten.
file(STRINGS ${PROJECT_SOURCE_DIR}/include/thane/version.h header_version REGEX "define THANE_VERSION \"")
if(NOT header_version MATCHES "\"${PROJECT_VERSION}\"")
  message(FATAL_ERROR "include/thane/version.h does not say ${PROJECT_VERSION}")
endif()

# ---- libthane.a: the rooms up to api in one archive
set(THANE_ROOMS base ir kernels ops formats passes engine api)
set(THANE_LIBRARY ${PROJECT_BINARY_DIR}/lib/libthane.a)
set(archive_script "CREATE ${THANE_LIBRARY}\n")
set(archives)
foreach(room IN LISTS THANE_ROOMS)
  string(APPEND archive_script "ADDLIB $<TARGET_FILE:thane_${room}>\n")
  list(APPEND archives thane_${room})
endforeach()
file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/libthane.mri CONTENT "${archive_script}SAVE\nEND\n")
add_custom_command(OUTPUT ${THANE_LIBRARY}
  COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/lib
  COMMAND ${CMAKE_COMMAND} -E rm -f ${THANE_LIBRARY}
  COMMAND ${CMAKE_AR} -M < ${PROJECT_BINARY_DIR}/libthane.mri
  DEPENDS ${archives} ${PROJECT_BINARY_DIR}/libthane.mri VERBATIM)
add_custom_target(thane_library ALL DEPENDS ${THANE_LIBRARY})

# ---- documents made by the program from its table of commands
set(documents ${PROJECT_BINARY_DIR}/share)
if(NOT CMAKE_CROSSCOMPILING)
  add_custom_command(
    OUTPUT ${documents}/thane.1 ${documents}/thane.bash ${documents}/_thane ${documents}/thane.fish
    COMMAND ${CMAKE_COMMAND} -E make_directory ${documents}
    COMMAND thane help --man > ${documents}/thane.1
    COMMAND thane completions bash > ${documents}/thane.bash
    COMMAND thane completions zsh > ${documents}/_thane
    COMMAND thane completions fish > ${documents}/thane.fish
    DEPENDS thane VERBATIM)
  add_custom_target(thane_documents ALL DEPENDS ${documents}/thane.1)
  install(FILES ${documents}/thane.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${documents}/thane.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME thane)
  install(FILES ${documents}/_thane DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
  install(FILES ${documents}/thane.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()

# ---- packages
include(CMakePackageConfigHelpers)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/thaneConfig.cmake.in ${PROJECT_BINARY_DIR}/thaneConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/thane PATH_VARS CMAKE_INSTALL_LIBDIR CMAKE_INSTALL_INCLUDEDIR)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/thaneConfigVersion.cmake COMPATIBILITY SameMinorVersion)
configure_file(${CMAKE_CURRENT_LIST_DIR}/thane.pc.in ${PROJECT_BINARY_DIR}/thane.pc @ONLY)

install(TARGETS thane RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${THANE_LIBRARY} DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/thane DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${PROJECT_BINARY_DIR}/thaneConfig.cmake ${PROJECT_BINARY_DIR}/thaneConfigVersion.cmake
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/thane)
install(FILES ${PROJECT_BINARY_DIR}/thane.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
