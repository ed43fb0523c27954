// Constant rewards, as SNQN and SA2C use them (Xin et al., 2111.03474; paper section 5.3): 1 for a
// logged item, or a value for its behaviour, and 0 for a sampled item.
#include <ATen/ATen.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

#include "core/api/plugin.h"
#include "core/base/error.h"

namespace {

using lea::History;
using lea::Role;
using lea::Tensor;

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t");
  return first == std::string::npos ? ""
                                    : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Parses a text such as "click=0.2, buy=1". Throws ConfigError.
std::map<std::string, float> behaviour_rewards(const std::string& text) {
  std::map<std::string, float> rewards;
  for (size_t begin = 0, end = 0; begin < text.size(); begin = end + 1) {
    end = std::min(text.find(',', begin), text.size());
    const std::string entry = trimmed(text.substr(begin, end - begin));
    const size_t equals = std::min(entry.rfind('='), entry.size());
    const std::string name = trimmed(entry.substr(0, equals));
    const std::string number = trimmed(entry.substr(std::min(equals + 1, entry.size())));
    const char* stop = number.data() + number.size();
    float value = 0;
    const auto read = std::from_chars(number.data(), stop, value);
    if (name.empty() || read.ec != std::errc() || read.ptr != stop || !std::isfinite(value)) {
      throw lea::ConfigError(
          "predefined: behaviours must read name=reward, name=reward, ..., but `" + entry +
          "` does not: write for example click=0.2, buy=1");
    }
    if (!rewards.emplace(name, value).second) {
      throw lea::ConfigError("predefined: behaviours names `" + name +
                             "` twice: keep one of the two");
    }
  }
  return rewards;
}

class Predefined final : public lea::Environment {
 public:
  struct Params {
    double logged = 1, sampled = 0, proposed = 1;
    std::string behaviours =
        "click=0.2, view=0.2, buy=1, purchase=1, transaction=1";  // as in the reference code
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
