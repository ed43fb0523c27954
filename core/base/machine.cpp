#include "core/base/machine.h"

#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/base/clones.h"
#include "core/base/text.h"
#include "core/base/wide_products.h"

namespace lea {
namespace {

// The instruction sets by which LibTorch, oneDNN and MKL choose between their floating-point kernels
// at run time (oneDNN's levels are cumulative, so bfloat16 on AVX-512 also needs VNNI). Others change
// speed alone, or come with one of these. x86 and ARM have no name in common.
constexpr std::array kInstructionSets = {
    "avx",         "avx2",     "fma",     "avx512f", "avx512_vnni", "avx512_bf16",
    "avx512_fp16", "amx_bf16", "asimdhp", "bf16",    "sve",         "sve2",
};

std::string_view trimmed(std::string_view text) {
  constexpr const char* kSpace = " \t\r";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

// "key : value" of the first processor, whose lines end at an empty one. A hypervisor may put any
// bytes into a name.
std::map<std::string, std::string> first_processor(std::string_view text) {
  std::map<std::string, std::string> fields;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    begin = end + 1;
    if (trimmed(line).empty() && !fields.empty()) break;
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    fields.emplace(trimmed(line.substr(0, colon)), printable(trimmed(line.substr(colon + 1))));
  }
  return fields;
}

// Lower-case letters and digits, and one `-` for whatever stands between them.
std::string slug(std::string_view text) {
  std::string slug;
  for (const char c : text) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if ((lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9')) {
      slug += lower;
    } else if (!slug.empty() && slug.back() != '-') {
      slug += '-';
    }
  }
  if (slug.ends_with('-')) slug.pop_back();
  return slug;
}

std::string short_vendor(const std::string& vendor) {
  if (vendor == "GenuineIntel") return "intel";
  if (vendor == "AuthenticAMD") return "amd";
  return slug(vendor);
}

}  // namespace

Processor parse_cpuinfo(std::string_view cpuinfo, const std::string& architecture) {
  const std::map<std::string, std::string> fields = first_processor(cpuinfo);
  const auto field = [&](const char* key) {
    const auto found = fields.find(key);
    return found == fields.end() || found->second.empty() ? "unknown" : found->second;
  };
  Processor processor{architecture, slug(architecture), field("model name"), {}};
  if (fields.contains("vendor_id") && fields.contains("cpu family")) {
    const std::string vendor = field("vendor_id"), family = field("cpu family"),
                      model = field("model");
    processor.kind = vendor + " family " + family + " model " + model;
    processor.short_kind = slug(short_vendor(vendor) + "-" + family + "-" + model);
  } else if (fields.contains("CPU implementer")) {
    const std::string implementer = field("CPU implementer"), part = field("CPU part");
    processor.kind = "ARM implementer " + implementer + " part " + part;
    processor.short_kind = slug("arm-" + implementer + "-" + part);
  }
  std::istringstream words(fields.contains("flags") ? field("flags") : field("Features"));
  const std::vector<std::string> flags{std::istream_iterator<std::string>(words), {}};
  for (const char* name : kInstructionSets) {
    if (std::find(flags.begin(), flags.end(), name) != flags.end())
      processor.instruction_sets.emplace_back(name);
  }
  return processor;
}

std::string Machine::kind() const {
  std::string sets;
  for (const std::string& name : processor.instruction_sets)
    sets += (sets.empty() ? "" : " ") + name;
  return processor.kind + " (" + (sets.empty() ? "no listed instruction set" : sets) +
         "), kernels " + kernels + ", LibTorch " + libtorch + ", " + counted(threads, "thread") +
         ", " + device;
}

std::string Machine::short_kind() const {
  return slug(processor.short_kind + "-" + libtorch + "-" + counted(threads, "thread") +
              (device == "cpu" ? "" : "-" + device));
}

Machine this_machine(std::string libtorch, int threads, std::string device) {
  std::ifstream file("/proc/cpuinfo");  // of unknown length, so read_file does not take it
  std::ostringstream text;
  text << file.rdbuf();
  utsname system{};
  uname(&system);
  const std::string kernels = running_clone();
  return {parse_cpuinfo(text.str(), printable(system.machine)),
          wide_products() ? kernels + " and wide products" : kernels, std::move(libtorch), threads,
          std::move(device)};
}

nlohmann::json to_json(const Machine& machine) {
  return {{"machine_kind", machine.kind()},
          {"short", machine.short_kind()},
          {"cpu", machine.processor.name},
          {"threads", machine.threads},
          {"device", machine.device}};
}

}  // namespace lea
