// How a library becomes a plugin. A plugin library holds a manifest and an ABI tag, which the host
// reads from the file before any code of the library runs, and one entry function, which registers
// a factory for each plugin.
//
//   namespace {
//   class Mean final : public lea::Backbone {
//    public:
//     struct Params {
//       int64_t width = 64;
//       void fields(lea::Fields& f) { f.integer("width", width, {1, 4096}, "width of the state"); }
//     };
//     Mean(const Params& params, const lea::Context& context);
//     int64_t width() const override;
//     lea::Tensor encode(const lea::History& history) override;
//   };
//   }  // namespace
//   LEA_PLUGIN(backbone, "my.mean", "1.0.0", Mean, "mean of the item embeddings")
//
// What the host reads from a plugin class T, beside the methods of its kind:
//
//   T::Params       a struct with `fields` (core/spec/params.h)
//   constructor     T(const T::Params&, const lea::Context&)
//   uses()          frameworks: static std::vector<std::string>, which of backbone, reward, state,
//                   augment, negatives and train the framework reads; the others are left out of
//                   the resolved run
//   Params::warm_up_steps   frameworks, optional: a framework that changes what it does at a step,
//                   and is named for what it does afterwards, calls the integer parameter with that
//                   step so; tables flag runs whose best step is not after it
//   kMinNegatives   frameworks, optional: static constexpr int64_t; a spec with fewer sampled items
//                   for each step is refused
//   kGivesState     environments, optional: static constexpr bool, true when it also gives states
//   kNeedsPool      environments, optional: static constexpr bool, true when its rewards are looked
//                   up, so that it has none for a sampled item outside the pool; a spec that takes
//                   rewards from it must state `negatives: {from: pool}`
//   kListWords      environments that implement Chooser, optional: static constexpr const char*, the
//                   text parameter that lists, with | between them, one word for each candidate that
//                   a list may have; a spec with more candidates is refused
//   asks()          augmenters, optional: static std::vector<std::string>, which functions of Chooser
//                   it calls of the environment that its parameter `of` names: list_scores,
//                   state_scores, or "list_scores if select=labels" where it calls it only with this
//                   value of its parameter `select`; a spec whose `of` cannot answer is refused
//   artefacts()     optional: static std::vector<lea::Artefact>, what it makes once and runs share
//   Maker           with artefacts: the class that makes them (core/api/preparer.h)
#pragma once

#include <c10/core/TensorOptions.h>
#include <torch/version.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/api/augmenter.h"
#include "core/api/backbone.h"
#include "core/api/context.h"
#include "core/api/environment.h"
#include "core/api/framework.h"
#include "core/api/preparer.h"
#include "core/spec/artefact.h"
#include "core/spec/params.h"

namespace lea {

// The version of the plugin API, which is core/api and the installed headers of core/lm. The minor is
// raised when it gains something, the major when an interface or a struct of it changes. A plugin
// needs the host's major and a minor that is not newer than the host's.
inline constexpr uint32_t kApiMajor = 6;
inline constexpr uint32_t kApiMinor = 0;

// What a plugin was built with. Each field must agree with the host's, because C++ objects cross
// between the two. It is plain data in a section of its own, so that it can be read from the file.
struct AbiTag {
  char magic[8];
  uint32_t size, api_major, api_minor;
  char compiler[12];
  uint32_t compiler_major;
  uint64_t cplusplus;
  uint32_t gxx_abi, cxx11_abi, glibcxx_release;
  uint32_t ndebug, glibcxx_debug, sanitizers;  // sanitizers: bit 0 address, bit 1 thread
  uint32_t torch_major, torch_minor, torch_patch;
  uint32_t vector_isa;               // bit 0 AVX, bit 1 AVX2, bit 2 AVX-512F
  uint32_t sizes[5], alignments[5];  // Tensor, string, vector<int>, shared_ptr<int>, TensorOptions
};

#ifdef __clang__
#define LEA_COMPILER "clang"
#define LEA_COMPILER_MAJOR __clang_major__
#else
#define LEA_COMPILER "g++"
#define LEA_COMPILER_MAJOR __GNUC__
#endif

constexpr AbiTag make_abi_tag() {
  AbiTag tag{{'L', 'E', 'A', 'P', 'L', 'U', 'G', '\0'},
             sizeof(AbiTag),
             kApiMajor,
             kApiMinor,
             LEA_COMPILER,
             LEA_COMPILER_MAJOR,
             __cplusplus,
             __GXX_ABI_VERSION,
             _GLIBCXX_USE_CXX11_ABI,
             _GLIBCXX_RELEASE,
             0,
             0,
             0,
             TORCH_VERSION_MAJOR,
             TORCH_VERSION_MINOR,
             TORCH_VERSION_PATCH,
             0,
             {sizeof(at::Tensor), sizeof(std::string), sizeof(std::vector<int>),
              sizeof(std::shared_ptr<int>), sizeof(c10::TensorOptions)},
             {alignof(at::Tensor), alignof(std::string), alignof(std::vector<int>),
              alignof(std::shared_ptr<int>), alignof(c10::TensorOptions)}};
#ifdef NDEBUG
  tag.ndebug = 1;
#endif
#ifdef _GLIBCXX_DEBUG
  tag.glibcxx_debug = 1;
#endif
#ifdef __SANITIZE_ADDRESS__
  tag.sanitizers |= 1;
#endif
#ifdef __SANITIZE_THREAD__
  tag.sanitizers |= 2;
#endif
#ifdef __AVX__
  tag.vector_isa |= 1;
#endif
#ifdef __AVX2__
  tag.vector_isa |= 2;
#endif
#ifdef __AVX512F__
  tag.vector_isa |= 4;
#endif
  return tag;
}

// One registered plugin. Exactly one of the factories of the four kinds is set.
struct PluginEntry {
  std::string kind, id, version, summary;
  std::vector<ParamInfo> params;
  std::vector<std::string> uses;  // frameworks
  int64_t min_negatives = 0;      // frameworks
  bool gives_state = false;       // environments
  bool needs_pool = false;        // environments
  bool chooses = false;           // environments: it implements Chooser
  std::string list_words;         // environments
  std::vector<std::string> asks;  // augmenters
  std::vector<Artefact> artefacts;
  std::function<std::shared_ptr<Backbone>(const ParamValues&, const Context&)> backbone;
  std::function<std::shared_ptr<Framework>(const ParamValues&, const Context&)> framework;
  std::function<std::shared_ptr<Environment>(const ParamValues&, const Context&)> environment;
  std::function<std::shared_ptr<Augmenter>(const ParamValues&, const Context&)> augmenter;
  std::function<std::shared_ptr<Preparer>(const ParamValues&)> preparer;  // set with artefacts
};

// What `lea_register` is given. A plugin calls one of the templates for each plugin that it has.
class LEA_API Registrar {
 public:
  virtual ~Registrar();
  virtual void add(PluginEntry entry) = 0;

  template <class T>
  void backbone(const char* id, const char* version, const char* summary) {
    PluginEntry entry = describe<T>("backbone", id, version, summary);
    entry.backbone = make<T>;
    add(std::move(entry));
  }
  template <class T>
  void framework(const char* id, const char* version, const char* summary) {
    PluginEntry entry = describe<T>("framework", id, version, summary);
    entry.uses = T::uses();
    if constexpr (requires { T::kMinNegatives; }) entry.min_negatives = T::kMinNegatives;
    entry.framework = make<T>;
    add(std::move(entry));
  }
  template <class T>
  void environment(const char* id, const char* version, const char* summary) {
    PluginEntry entry = describe<T>("environment", id, version, summary);
    if constexpr (requires { T::kGivesState; }) entry.gives_state = T::kGivesState;
    if constexpr (requires { T::kNeedsPool; }) entry.needs_pool = T::kNeedsPool;
    if constexpr (requires { T::kListWords; }) entry.list_words = T::kListWords;
    entry.chooses = std::is_base_of_v<Chooser, T>;
    entry.environment = make<T>;
    add(std::move(entry));
  }
  template <class T>
  void augmenter(const char* id, const char* version, const char* summary) {
    PluginEntry entry = describe<T>("augmenter", id, version, summary);
    if constexpr (requires { T::asks(); }) entry.asks = T::asks();
    entry.augmenter = make<T>;
    add(std::move(entry));
  }

 private:
  template <class T>
  static PluginEntry describe(const char* kind, const char* id, const char* version,
                              const char* summary) {
    PluginEntry entry;
    entry.kind = kind;
    entry.id = id;
    entry.version = version;
    entry.summary = summary;
    entry.params = describe_params<typename T::Params>();
    if constexpr (requires { T::artefacts(); }) {
      entry.artefacts = T::artefacts();
      entry.preparer = [](const ParamValues& values) -> std::shared_ptr<Preparer> {
        return std::make_shared<typename T::Maker>(assign_params<typename T::Params>(values));
      };
    }
    return entry;
  }
  template <class T>
  static std::shared_ptr<T> make(const ParamValues& values, const Context& context) {
    return std::make_shared<T>(assign_params<typename T::Params>(values), context);
  }
};

// For a plugin without parameters: `using Params = lea::NoParams;`.
struct NoParams {
  void fields(Fields&) {}
};

}  // namespace lea

#define LEA_EXPORT __attribute__((visibility("default"), used))

// The manifest of a library, as JSON:
//   {"version": "1.0.0", "provides": [{"kind": "backbone", "id": "my.mean"}]}
// A library with several plugins states it once, lists them all, and defines `lea_register`.
#define LEA_MANIFEST(JSON)                                                        \
  extern "C" {                                                                    \
  LEA_API extern const char lea_manifest[];                                       \
  __attribute__((used, section(".leaplug"))) const char lea_manifest[] = JSON;    \
  LEA_API extern const ::lea::AbiTag lea_abi_tag;                                 \
  __attribute__((used, section(".leatag"))) constexpr ::lea::AbiTag lea_abi_tag = \
      ::lea::make_abi_tag();                                                      \
  }

// Manifest, ABI tag and entry function of a library with one plugin. KIND is backbone, framework,
// environment or augmenter.
#define LEA_PLUGIN(KIND, ID, VERSION, TYPE, SUMMARY)                               \
  LEA_MANIFEST("{\"version\": \"" VERSION "\", \"provides\": [{\"kind\": \"" #KIND \
               "\", \"id\": \"" ID "\"}]}")                                        \
  extern "C" LEA_EXPORT void lea_register(::lea::Registrar& registrar) {           \
    registrar.KIND<TYPE>(ID, VERSION, SUMMARY);                                    \
  }
