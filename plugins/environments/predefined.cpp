// Rewards fixed by what an action is, as SNQN and SA2C use them (Xin et al., 2111.03474; paper
// section 5.3): 1 for a logged item, or a value for each behaviour, 0 for a sampled one.
#include <ATen/ATen.h>

#include <cctype>
#include <charconv>
#include <cmath>
#include <map>

#include "core/api/plugin.h"
#include "core/spec/error.h"

namespace {

using lea::History;
using lea::Role;
using lea::Tensor;

// "click=0.2, buy=1" as a map. Throws ConfigError.
std::map<std::string, float> behaviour_rewards(const std::string& text) {
  std::map<std::string, float> rewards;
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find(',', begin), text.size());
    size_t first = begin, last = end;
    while (first < last && std::isspace(static_cast<unsigned char>(text[first]))) ++first;
    while (last > first && std::isspace(static_cast<unsigned char>(text[last - 1]))) --last;
    const std::string entry = text.substr(first, last - first);
    const size_t equals = entry.rfind('=');
    float value = 0;
    const char* stop = entry.data() + entry.size();
    const bool good = equals != std::string::npos && equals > 0 &&
                      std::from_chars(entry.data() + equals + 1, stop, value).ptr == stop &&
                      equals + 1 < entry.size() && std::isfinite(value);
    if (!good) {
      throw lea::ConfigError(
          "predefined: behaviours must read name=reward, name=reward, ..., but `" + entry +
          "` does not: write for example click=0.2, buy=1");
    }
    if (!rewards.emplace(entry.substr(0, equals), value).second) {
      throw lea::ConfigError("predefined: behaviours names `" + entry.substr(0, equals) +
                             "` twice: keep one of the two");
    }
    begin = end + 1;
  }
  return rewards;
}

class Predefined final : public lea::Environment {
 public:
  struct Params {
    double logged = 1, sampled = 0, proposed = 1;
    std::string behaviours =
        "click=0.2, view=0.2, buy=1, purchase=1, transaction=1";  // the reference code's pair
    void fields(lea::Fields& f) {
      f.real("logged", logged, {-1e6, 1e6}, "reward of the logged item (paper: 1)");
      f.real("sampled", sampled, {-1e6, 1e6}, "reward of a sampled item (U4)");
      f.real("proposed", proposed, {-1e6, 1e6}, "reward of an augmenter's item (A9, U11)");
      f.text(
          "behaviours", behaviours,
          "where the data has behaviours, the logged item's reward by behaviour, as name=reward, "
          "...; others get `logged`; empty: all get it");
    }
  };

  Predefined(const Params& params, const lea::Context& context) : params_(params) {
    const lea::TrainingData& training = context.training();
    const std::map<std::string, float> rewards = behaviour_rewards(params.behaviours);
    if (!training.behaviour.defined() || rewards.empty()) return;
    Tensor by_behaviour =
        at::full({int64_t(training.behaviours.size())}, params.logged, at::kFloat);
    for (size_t i = 0; i < training.behaviours.size(); ++i) {
      const auto found = rewards.find(training.behaviours[i]);
      if (found != rewards.end()) by_behaviour[i].fill_(found->second);
    }
    by_event_ = by_behaviour.index_select(0, training.behaviour.to(at::kLong));
  }

  Tensor reward(const History& history, const Tensor& actions,
                const std::vector<Role>& roles) override {
    Tensor rewards = at::empty(actions.sizes(), actions.options().dtype(at::kFloat));
    for (size_t k = 0; k < roles.size(); ++k) {
      Tensor column = rewards.select(1, k);
      switch (roles[k]) {
        case Role::kLogged:
          column.copy_(logged(history.event));
          break;
        case Role::kSampled:
          column.fill_(params_.sampled);
          break;
        case Role::kProposed:
          column.fill_(params_.proposed);
          break;
      }
    }
    return rewards;
  }

 private:
  Tensor logged(const Tensor& event) const {
    if (!by_event_.defined()) return at::full(event.sizes(), params_.logged, at::kFloat);
    const Tensor index = event.to(at::kCPU);
    return by_event_.index_select(0, index.clamp_min(0)).masked_fill(index < 0, params_.logged);
  }

  Params params_;
  Tensor by_event_;  // float [E]; undefined without behaviours
};

}  // namespace

LEA_PLUGIN(environment, "lea.predefined", "1.0.0", Predefined,
           "constant rewards by role, or by the logged item's behaviour")
