# Flags that every target of this tree shares.
add_library(lea_options INTERFACE)
target_compile_options(lea_options INTERFACE -Wall -Wextra -Wno-unused-parameter)
target_include_directories(lea_options INTERFACE ${CMAKE_SOURCE_DIR})

if(LEA_SANITIZE)
  # g++ 12 takes instrumented code of std::regex and LibTorch for reads of uninitialised values.
  add_compile_options(-fsanitize=${LEA_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -Wno-maybe-uninitialized)
  add_link_options(-fsanitize=${LEA_SANITIZE})
endif()

find_program(LEA_CCACHE ccache)
if(LEA_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # ccache takes precompiled headers into account only with these settings.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      ${LEA_CCACHE})
endif()
find_program(LEA_MOLD mold)
if(LEA_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# A compile that includes LibTorch takes about 1.1 GB.
set_property(GLOBAL PROPERTY JOB_POOLS torch_compile=2)

# lea_library(name sources...): a static library of one room.
function(lea_library name)
  add_library(${name} STATIC ${ARGN})
  target_link_libraries(${name} PUBLIC lea_options)
  # g++ 12 warns of an overlap in every `"text" + string` (its bug 105651).
  target_compile_options(${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
endfunction()
