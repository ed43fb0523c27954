// The files of docs/plugin-template, which cmake/LeaTemplate.cmake embeds in the program.
#pragma once

#include <map>
#include <string>

namespace lea::cli {

const std::map<std::string, std::string>& plugin_template();  // file name -> content

}  // namespace lea::cli
