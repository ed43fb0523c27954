# lea_plugin(name file...): one library in the bundled plugin folder, with the flags that plugins need:
# hidden symbols, no unique symbols shared between libraries, no undefined ones.
function(lea_plugin name)
  add_library(${name} MODULE ${ARGN})
  lea_uses_torch(${name})
  target_link_libraries(${name} PRIVATE lea_api)
  target_link_options(${name} PRIVATE -Wl,-z,defs)
  set_target_properties(${name} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${LEA_PLUGIN_OUTPUT_DIRECTORY})
  set_property(GLOBAL APPEND PROPERTY LEA_PLUGINS ${name})
endfunction()
