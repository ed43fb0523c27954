#include "core/lab/adapter_card.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/text.h"
#include "core/run/artefact_seal.h"
#include "core/spec/artefact_json.h"

namespace lea::lab {
namespace {

constexpr const char* kTokens = "tokens.safetensors";
constexpr const char* kHead = "head.safetensors";
constexpr const char* kTitles = "titles.json";
constexpr size_t kTensorsListed = 8;  // more are summed up

std::string dumped(nlohmann::json document) {
  run::keep_names(document);
  return document.dump();
}

// The parameters that changed the adapter, or all of the plugin when the declarations of earlier
// artefacts are gone.
nlohmann::json settings_of(const Card& card) {
  const nlohmann::json& all = card.adapter.header.needed.use.params;
  if (!card.complete) return all;
  nlohmann::json settings = nlohmann::json::object();
  const auto add = [&](const CardArtefact& of) {
    const spec::NeededArtefact& needed = of.header.needed;
    settings.update(spec::counting_params(needed.artefact, needed.use.params));
  };
  std::for_each(card.earlier.begin(), card.earlier.end(), add);
  add(card.adapter);
  return settings;
}

// The text of a setting; empty when there is none.
std::string text_in(const nlohmann::json& settings, const char* name) {
  const auto found = settings.find(name);
  if (found == settings.end()) return "";
  return printable(found->is_string() ? found->get<std::string>() : dumped(*found));
}

// Whether the adapter was trained on random weights, as the environment `le` offers as a control.
bool has_random_base(const nlohmann::json& settings) {
  return text_in(settings, "weights") == "random";
}

// The name of the language model: that of the only folder or file among the settings.
std::string base_of(nlohmann::json settings) {
  run::keep_names(settings);
  std::vector<std::string> names;
  for (const nlohmann::json& value : settings) {
    if (value.is_object() && value.contains("path") && value.at("path").is_string())
      names.push_back(value.at("path"));
  }
  return names.size() == 1 ? names.front() : "";
}

std::string front_matter(const std::string& base) {
  return "---\nlibrary_name: peft\n" +
         (base.empty() ? "" : "base_model: " + nlohmann::json(base).dump() + "\n") + "---\n\n";
}

std::string line_of(const CardArtefact& of) {
  std::string text = printable(of.header.needed.name()) + ", artefact " + of.header.key;
  for (const auto& [name, sum] : of.header.reads)
    text += "\n  - read " + printable(name) + ": sha256 " + printable(sum);
  return text;
}

std::string origin(const Card& card, const std::string& base, bool random) {
  const run::ArtefactHeader& header = card.adapter.header;
  const nlohmann::json run = to_json(header).at("run");
  std::string text = "## How it was made\n\n";
  text += "- Made: " + line_of(card.adapter) + "\n";
  for (const CardArtefact& earlier : card.earlier)
    text += "- Made from: " + line_of(earlier) + "\n";
  if (!card.complete)
    text +=
        "- What it was made from before that is no longer in the lab. So all settings are "
        "listed.\n";
  if (!base.empty()) {
    text +=
        "- Language model: " + printable(base) + (random ? ", but with random weights" : "") + "\n";
  }
  text += "- Data set: " + printable(header.run.data.name) + ", histories of at most " +
          counted(header.run.data.history, "item") + "\n";
  text += "- Split: `" + dumped(run.at("split")) + "`\n";
  if (const auto& made = card.adapter.result.made_with) {
    for (const run::UsedPlugin& plugin : made->plugins) {
      text += "- Plugin: " + printable(plugin.id) + " " + printable(plugin.version) + ", sha256 " +
              printable(plugin.sha256) + "\n";
    }
    text += "- LEA Lab " + printable(made->lealab) + ", LibTorch " + printable(made->libtorch) +
            ", on " + printable(made->cpu) + "\n";
  }
  return text + "- Finished: " + printable(card.adapter.result.finished_at) + "\n\n";
}

std::string settings(const Card& card) {
  nlohmann::json all = settings_of(card);
  run::keep_names(all);
  return "## Settings\n\n~~~json\n" + all.dump(1) + "\n~~~\n\n";
}

// The figures of the artefact without their details, whose names have a dot.
std::string figures_of(const CardArtefact& of) {
  std::string text;
  for (const auto& [name, value] : of.result.making->quality) {
    if (name.find('.') != std::string::npos) continue;
    char number[32];
    std::snprintf(number, sizeof number, "%.6g", value);
    text += "| " + printable(of.header.needed.artefact.kind) + " | " + printable(name) + " | " +
            number + " |\n";
  }
  return text;
}

std::string figures(const Card& card) {
  std::string rows;
  for (const auto* list : {&card.earlier, &card.later}) {
    for (const CardArtefact& of : *list) rows += figures_of(of);
  }
  rows = figures_of(card.adapter) + rows;
  if (rows.empty()) return "";
  return "## Figures\n\n| of | figure | value |\n| --- | --- | --- |\n" + rows + "\n";
}

// Where the module stands that a tensor of PEFT belongs to: "layers.0.self_attn.q_proj" of
// "layers.0.self_attn.q_proj.lora_A.weight". Empty for a tensor of another name.
std::string module_of(const std::string& tensor) {
  const size_t end = tensor.find(".lora_");
  return end == std::string::npos ? "" : tensor.substr(0, end);
}

// All of a few tensors. Of many their number, and of how many modules of each name they are.
std::string tensors_text(const std::vector<Card::Tensor>& tensors) {
  std::vector<std::string> parts;
  if (tensors.size() <= kTensorsListed) {
    for (const Card::Tensor& tensor : tensors)
      parts.push_back("`" + printable(tensor.name) + "` " + tensor.type);
    return joined(parts);
  }
  std::map<std::string, std::set<std::string>> modules;  // by the last part of their name
  for (const Card::Tensor& tensor : tensors) {
    const std::string module = module_of(tensor.name);
    if (!module.empty()) modules[module.substr(module.rfind('.') + 1)].insert(module);
  }
  for (const auto& [name, places] : modules)
    parts.push_back("`" + printable(name) + "` (" + counted(places.size(), "layer") + ")");
  return counted(tensors.size(), "tensor") +
         (parts.empty() ? "" : ", the matrices A and B of " + joined(parts));
}

std::string files(const Card& card) {
  std::string text = "## Files\n\n";
  for (const Card::File& file : card.files) {
    text += "- `" + printable(file.name) + "`";
    if (!file.tensors.empty()) text += ": " + tensors_text(file.tensors);
    if (file.name == kTitles) text += ": the text of each item in a prompt, as a list";
    text += "\n";
  }
  return text + "\n";
}

bool has(const Card& card, const std::string& name) {
  return std::any_of(card.files.begin(), card.files.end(),
                     [&](const Card::File& file) { return file.name == name; });
}

// Whether states and rewards are read from the mean over the positions of a prompt.
bool reads_mean(const nlohmann::json& settings) {
  return text_in(settings, "hidden_state") == "mean";
}

// What the card must know to explain the files and to write its example.
struct Parts {
  bool tokens = false, head = false, titles = false, mean = false;
};

std::string meaning_of_items(const Parts& parts) {
  static const std::string kNumbers =
      "The data set numbers the items; `lealab data export` writes the numbers beside the original "
      "ids (`items.map.tsv`).\n\n";
  if (parts.titles) {
    return "Entry j - 1 of `titles.json` is the text that stands in a prompt for item j; a text "
           "without tokens is written `unknown`. It is split into tokens by itself. " +
           kNumbers +
           (parts.tokens ? "Row j - 1 of `tokens` is a vector of item j. No prompt holds it: "
                           "states are compared with it, in the training and with `select: "
                           "state_token`.\n\n"
                         : "");
  }
  if (!parts.tokens) return "";
  return "Row j - 1 of `tokens` is the vector of item j, which stands in a prompt in the place of "
         "a "
         "word's embedding. So the id of item j is the number of the model's word embeddings plus "
         "j - 1. " +
         kNumbers;
}

std::string meaning(const Parts& parts) {
  std::string text = meaning_of_items(parts);
  if (parts.head) {
    text +=
        "The head gives the reward of a prompt: the product of `weight` with the hidden state of "
        "the last layer, behind the last norm, " +
        std::string(parts.mean ? "in the mean over the prompt's positions"
                               : "at the prompt's last position") +
        ", plus `bias`. The state of a history is such a hidden state itself. The settings have "
        "the wording of the prompts; text between two items is split into tokens by itself, "
        "without special tokens.\n\n";
  }
  return text;
}

// What a reader must know first of an adapter on random weights (core/lm/random_weights.h).
std::string random_base(const nlohmann::json& settings) {
  return "**The language model had random weights, so this adapter is of no use with the trained "
         "model.** It is a control. Of the model only the architecture and the tokenizer were "
         "used: "
         "all matrices and the word embeddings were drawn anew, normal with mean 0 and standard "
         "deviation 0.02; norms were 1 and biases 0. The seed was " +
         text_in(settings, "seed") + ", and the numbers were rounded to " +
         text_in(settings, "dtype") +
         ". The adapter, the item tokens and the head mean something with these weights alone, "
         "which LEA Lab draws again from the seed.\n\n";
}

std::string python(const std::string& base, const Parts& parts) {
  std::string text = R"(import torch
from peft import PeftModel
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

base, folder = )" + nlohmann::json(base.empty() ? "MODEL" : base).dump() +
                     R"(, "."  # the language model's folder, and this one
model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
model = PeftModel.from_pretrained(model, folder).eval()
tokenizer = Tokenizer.from_file(base + "/tokenizer.json")
)";
  if (!parts.titles && !parts.tokens) return "~~~python\n" + text + "~~~\n";
  text += parts.titles ? R"(titles = json.load(open(folder + "/titles.json", encoding="utf-8"))
)"
                       : R"(tokens = load_file(folder + "/tokens.safetensors")["tokens"]
vectors = torch.cat([model.get_input_embeddings().weight.detach(), tokens])
)";
  text += R"(
def words(text):
    return tokenizer.encode(text, add_special_tokens=False).ids

def item(number):
    return )";
  text += parts.titles ? R"(words(titles[number - 1]) or words("unknown"))"
                       : "[len(vectors) - len(tokens) + number - 1]";
  text += R"(

ids = words("The user has bought: ") + item(1) + words(" next ") + item(2)
with torch.no_grad():
    found = model()";
  text += parts.titles ? "torch.tensor([ids])" : "inputs_embeds=vectors[torch.tensor([ids])]";
  text += ", output_hidden_states=True)\nstate = found.hidden_states[-1]";
  text += parts.mean ? "[0].mean(0)\n" : "[0, -1]\n";
  if (parts.head) {
    text += R"(head = load_file(folder + "/head.safetensors")
reward = state @ head["weight"] + head["bias"]
)";
  }
  return "~~~python\n" + std::string(parts.titles ? "import json\n" : "") + text + "~~~\n";
}

}  // namespace

std::string text_of(const Card& card) {
  const nlohmann::json all = settings_of(card);
  const std::string base = base_of(all);
  const bool random = has_random_base(all);
  const Parts parts = {has(card, kTokens), has(card, kHead), has(card, kTitles), reads_mean(all)};
  // Whoever follows `base_model` would get the trained weights.
  return front_matter(random ? "" : base) + "# " + printable(card.adapter.header.needed.name()) +
         "\n\nA LoRA adapter of a language model, exported from LEA Lab.\n\n" +
         (random ? random_base(all) : "") + origin(card, base, random) + settings(card) +
         figures(card) + files(card) + "## Use\n\n" + meaning(parts) +
         (random
              ? "There is no example: no published model has the weights that the adapter belongs "
                "to.\n"
              : python(base, parts));
}

}  // namespace lea::lab
