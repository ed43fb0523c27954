#include "cli/usage.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "core/base/text.h"

namespace lea::cli {
namespace {

using Names = std::vector<std::string>;

// The innermost command that was called, and the words that it was given and does not take.
struct Call {
  const CLI::App* command;
  Names left;
};

Call call_of(const CLI::App* app) {
  Call call{app, app->remaining()};
  if (!call.left.empty()) return call;
  const std::vector<CLI::App*> inner = app->get_subcommands();
  return inner.empty() ? call : call_of(inner.back());
}

// Returns the command with those above it: "lealab data show".
std::string path_of(const CLI::App* app) {
  const CLI::App* parent = app->get_parent();
  std::string path;
  if (parent) path = path_of(parent).append(" ");
  return path.append(app->get_name());
}

Names commands_of(const CLI::App* app) {
  Names names;
  for (const CLI::App* command : app->get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

Names options_of(const CLI::App* app) {
  Names names;
  for (const CLI::Option* option : app->get_options()) {
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::string help_of(const CLI::App* app, const char* what) {
  std::string text = " `";
  return text.append(path_of(app)).append(" --help` lists its ").append(what).append(".\n");
}

// Returns the end of a sentence: the nearest name if there is one, and otherwise a full stop.
std::string hint(const std::string& word, const Names& candidates) {
  const std::string meant = did_you_mean(word, candidates);
  return meant.empty() ? "." : meant;
}

// Returns the end of a message of CLI11 about a value that is none of its choices, such as
// "--format: csx not in {csv,npz}": the nearest choice, if there is one.
std::string nearest_choice(const std::string& message) {
  constexpr std::string_view kChoices = " not in {";
  const size_t colon = message.find(": "), end = message.find(kChoices), close = message.rfind('}');
  if (colon == message.npos || end == message.npos || close == message.npos || end < colon + 2)
    return "";
  Names choices(1);
  for (size_t i = end + kChoices.size(); i < close; ++i) {
    if (message[i] == ',') {
      choices.emplace_back();
    } else {
      choices.back() += message[i];
    }
  }
  return did_you_mean(message.substr(colon + 2, end - colon - 2), choices);
}

std::string about_option(const CLI::App* app, const std::string& given) {
  const std::string option = given.substr(0, given.find('='));
  for (const CLI::App* outer = app->get_parent(); outer; outer = outer->get_parent()) {
    const Names names = options_of(outer);
    if (std::find(names.begin(), names.end(), option) == names.end()) continue;
    std::string text = in_backticks(option);
    text.append(" belongs before the command: `").append(path_of(outer)).append(" ");
    return text.append(printable(option)).append(" ... ").append(app->get_name()).append("`.\n");
  }
  std::string text = "`";
  text.append(path_of(app)).append("` has no option ").append(in_backticks(option));
  return text.append(hint(option, options_of(app))).append(help_of(app, "options"));
}

}  // namespace

std::string usage_message(const CLI::App* lealab, const CLI::Error& error) {
  const Call call = call_of(lealab);
  const std::string word = call.left.empty() ? "" : call.left.front();
  const Names commands = commands_of(call.command);
  if (!word.empty() && word[0] != '-' && !commands.empty() &&
      call.command->get_subcommands().empty()) {
    std::string text = in_backticks(word);
    text.append(" is no command of ").append(path_of(call.command)).append(hint(word, commands));
    return text.append(help_of(call.command, "commands"));
  }
  std::string text = printable(error.what());
  text.append(nearest_choice(error.what())) += '\n';
  if (word.size() > 1 && word[0] == '-') return text.append(about_option(call.command, word));
  text.append("Run `").append(path_of(call.command));
  return text.append(" --help` for more information.\n");
}

}  // namespace lea::cli
