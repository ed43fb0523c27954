# The plugin template, as text inside `lealab`, so that `lealab plugins new` works from any installation. What
# it writes is what a test builds.
set(lea_template_source ${CMAKE_BINARY_DIR}/generated/plugin_template.cpp)
set(lea_template_text "// Made from docs/plugin-template by cmake/LeaTemplate.cmake.\n#include \"cli/plugin_template.h\"\n\nnamespace lea::cli {\n\nconst std::map<std::string, std::string>& plugin_template() {\n  static const std::map<std::string, std::string> files = {\n")
foreach(file CMakeLists.txt backbone.cpp framework.cpp environment.cpp
             environment_artefact.cpp augmenter.cpp)
  set(path ${CMAKE_SOURCE_DIR}/docs/plugin-template/${file})
  set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${path})
  file(READ ${path} content)
  string(APPEND lea_template_text "      {\"${file}\", R\"template(${content})template\"},\n")
endforeach()
string(APPEND lea_template_text "  };\n  return files;\n}\n\n}  // namespace lea::cli\n")
file(CONFIGURE OUTPUT ${lea_template_source} CONTENT "${lea_template_text}" @ONLY)
target_sources(lealab PRIVATE ${lea_template_source})
