# lea_plugin(name [LM] file...): one library in the bundled plugin folder, with the flags that plugins need:
# hidden symbols, no unique symbols shared between libraries, no undefined ones. LM: it uses core/lm.
function(lea_plugin name)
  cmake_parse_arguments(arg "LM" "" "" ${ARGN})
  add_library(${name} MODULE ${arg_UNPARSED_ARGUMENTS})
  lea_uses_torch(${name})
  target_link_libraries(${name} PRIVATE lea_api)
  if(arg_LM)
    target_link_libraries(${name} PRIVATE lea_lm)
  endif()
  target_link_options(${name} PRIVATE -Wl,-z,defs)
  set_target_properties(${name} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${LEA_PLUGIN_OUTPUT_DIRECTORY})
  set_property(GLOBAL APPEND PROPERTY LEA_PLUGINS ${name})
endfunction()
