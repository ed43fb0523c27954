# LibTorch 2.11 or newer: the folder in $LIBTORCH, else what tools/build unpacked.
set(LEA_LIBTORCH "" CACHE PATH "LibTorch's folder (with lib/ and share/cmake/Torch)")
set(lea_libtorch ${LEA_LIBTORCH})
if(NOT lea_libtorch AND DEFINED ENV{LIBTORCH})
  set(lea_libtorch $ENV{LIBTORCH})
endif()
if(NOT lea_libtorch)
  set(lea_libtorch ${CMAKE_SOURCE_DIR}/.deps/libtorch)
endif()
if(NOT EXISTS ${lea_libtorch}/share/cmake/Torch/TorchConfig.cmake)
  message(FATAL_ERROR "No LibTorch in ${lea_libtorch}. Run tools/build, which fetches it, or set LIBTORCH "
                      "to the folder of a LibTorch >= 2.11.")
endif()
list(PREPEND CMAKE_PREFIX_PATH ${lea_libtorch})
find_package(Torch 2.11 REQUIRED)

# lea_torch_header(name header...): a library that carries LibTorch's header and others, precompiled: 12 s a file
# instead of 40.
function(lea_torch_header name)
  file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/${name}.cpp CONTENT "// Carries the precompiled LibTorch header.\n")
  add_library(${name} STATIC ${CMAKE_BINARY_DIR}/${name}.cpp)
  target_link_libraries(${name} PUBLIC lea_options torch)
  target_precompile_headers(${name} PRIVATE <torch/torch.h> ${ARGN})
  target_compile_options(${name} PRIVATE -fvisibility=hidden -fvisibility-inlines-hidden -fno-gnu-unique)
endfunction()
lea_torch_header(lea_torch_pch)

# lea_uses_torch(target [header]): links LibTorch and reuses a precompiled header, lea_torch_pch unless named. All
# users of one share its flags.
function(lea_uses_torch target)
  set(header lea_torch_pch)
  if(ARGC GREATER 1)
    set(header ${ARGV1})
  endif()
  target_link_libraries(${target} PUBLIC lea_options torch)
  target_compile_options(${target} PRIVATE -fvisibility=hidden -fvisibility-inlines-hidden -fno-gnu-unique)
  if(LEA_SANITIZE MATCHES thread AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    # g++ warns that it does not instrument the fences of std::shared_ptr, which LibTorch's headers use.
    target_compile_options(${target} PRIVATE -Wno-tsan)
  endif()
  get_target_property(lea_type ${target} TYPE)
  if(lea_type STREQUAL EXECUTABLE)
    # CMake would compile a program with -fPIE, and the header was made with -fPIC.
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${target} PRIVATE -fPIC)
  endif()
  target_precompile_headers(${target} REUSE_FROM ${header})
  set_property(TARGET ${target} PROPERTY JOB_POOL_COMPILE torch_compile)
endfunction()
