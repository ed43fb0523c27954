# What is installed, and the CMake package `LeaLab` for plugins outside this tree. The package works from the
# build tree and from the install tree.
include(LeaTemplate)

set(lea_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/LeaLab)
get_filename_component(lea_libtorch_path ${TORCH_INSTALL_PREFIX} REALPATH)

# The installed programs find liblea_api.so and liblea_lm.so by their own place, and LibTorch where it is.
set_target_properties(lealab-worker PROPERTIES
  INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR};${lea_libtorch_path}/lib")
set_target_properties(lea_api lea_lm PROPERTIES INSTALL_RPATH "${lea_libtorch_path}/lib")
get_property(lea_plugins GLOBAL PROPERTY LEA_PLUGINS)
if(lea_plugins)
  set_target_properties(${lea_plugins} PROPERTIES
    INSTALL_RPATH "$ORIGIN/../../../${CMAKE_INSTALL_LIBDIR};${lea_libtorch_path}/lib")
  # Beside the programs as ../lib/lealab/plugins, also where libraries go to lib64 or a multiarch folder.
  install(TARGETS ${lea_plugins} LIBRARY DESTINATION lib/lealab/plugins)
endif()
install(TARGETS lealab lealab-worker RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS lea_api lea_lm LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
# Beside the programs as ../share/lealab/presets (core/spec/presets.h). A build tree has a link, so that a
# change of a preset needs no build.
install(DIRECTORY ${CMAKE_SOURCE_DIR}/experiments/presets ${CMAKE_SOURCE_DIR}/experiments/variants DESTINATION share/lealab FILES_MATCHING PATTERN "*.yaml")
file(CREATE_LINK ${CMAKE_SOURCE_DIR}/experiments/presets ${CMAKE_BINARY_DIR}/presets SYMBOLIC)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/core/api DESTINATION include/lealab/core FILES_MATCHING PATTERN "*.h")
# Of core/lm, the headers that mark something as the interface. They are found when the tree is installed, because
# with CONFIGURE_DEPENDS Ninja always has something to do.
install(CODE "set(lea_source \"${CMAKE_SOURCE_DIR}\")")
install(CODE [[
  file(GLOB_RECURSE lea_headers RELATIVE "${lea_source}" "${lea_source}/core/lm/*.h")
  foreach(lea_header ${lea_headers})
    file(STRINGS "${lea_source}/${lea_header}" lea_marked REGEX "LEA_LM_API" LIMIT_COUNT 1)
    if(lea_marked)
      get_filename_component(lea_folder ${lea_header} DIRECTORY)
      file(INSTALL "${lea_source}/${lea_header}" DESTINATION "${CMAKE_INSTALL_PREFIX}/include/lealab/${lea_folder}")
    endif()
  endforeach()
]])
install(FILES ${CMAKE_SOURCE_DIR}/core/spec/artefact.h ${CMAKE_SOURCE_DIR}/core/spec/collapsed_state.h
              ${CMAKE_SOURCE_DIR}/core/spec/params.h
        DESTINATION include/lealab/core/spec)
install(FILES ${CMAKE_SOURCE_DIR}/core/base/error.h ${CMAKE_SOURCE_DIR}/core/base/log_level.h
        DESTINATION include/lealab/core/base)

# lea_write_package(output include_dir library_dir): paths are relative to the package file, so that an
# installation may be moved.
function(lea_write_package output include_dir library_dir)
  set(LEA_PACKAGE_INCLUDE ${include_dir})
  set(LEA_PACKAGE_LIBRARIES ${library_dir})
  configure_file(${CMAKE_SOURCE_DIR}/cmake/LeaLabConfig.cmake.in ${output} @ONLY)
endfunction()

string(TOUPPER "${CMAKE_BUILD_TYPE}" lea_build_type)
string(FIND "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${lea_build_type}}" "NDEBUG" lea_ndebug_at)
set(LEA_PACKAGE_NDEBUG OFF)
if(NOT lea_ndebug_at EQUAL -1)
  set(LEA_PACKAGE_NDEBUG ON)
endif()
string(REGEX MATCH "^[0-9]+" LEA_PACKAGE_COMPILER_MAJOR ${CMAKE_CXX_COMPILER_VERSION})

lea_write_package(${CMAKE_BINARY_DIR}/LeaLabConfig.cmake "${CMAKE_SOURCE_DIR}" "${CMAKE_LIBRARY_OUTPUT_DIRECTORY}")
file(RELATIVE_PATH lea_back /prefix/${lea_package_dir} /prefix)
lea_write_package(${CMAKE_BINARY_DIR}/generated/LeaLabConfig.cmake
                  "\${CMAKE_CURRENT_LIST_DIR}/${lea_back}include/lealab"
                  "\${CMAKE_CURRENT_LIST_DIR}/${lea_back}${CMAKE_INSTALL_LIBDIR}")
include(CMakePackageConfigHelpers)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/LeaLabConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/generated/LeaLabConfig.cmake ${CMAKE_BINARY_DIR}/LeaLabConfigVersion.cmake
        DESTINATION ${lea_package_dir})
