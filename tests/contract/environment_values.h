// Bundled environments on the toy training set.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/contract/toy.h"

namespace lea {

using nlohmann::json;

class EnvironmentValues : public ::testing::Test {
 protected:
  std::shared_ptr<Environment> make(const std::string& id, const json& params = json::object()) {
    return context_.environment(toy::use(id, params));
  }

  Tensor rewards(Environment& environment, std::vector<int64_t> events, const Tensor& actions,
                 std::vector<Role> roles) {
    return environment.reward(context_.data.histories(toy::longs(events)), actions, roles);
  }

  // The reward of every event's logged item, and of `item` as the sampled one: [E, 2].
  Tensor all_events(Environment& environment, int64_t item = 4) {
    const Tensor logged = context_.data.item.to(at::kLong);
    return environment.reward(context_.data.histories(at::arange(toy::kEvents)),
                              at::stack({logged, at::full_like(logged, item)}, 1),
                              {Role::kLogged, Role::kSampled});
  }

  // An environment whose reward shows the event and the item: 10 x event + item, and `more` for the
  // logged one.
  json telling(int64_t more = 0) {
    const std::string path = ::testing::TempDir() + "/telling.tsv";
    std::ofstream file(path);
    file << "sequence_id\tposition\titem_id\treward\n";
    for (int64_t event = 0; event < toy::kEvents; ++event) {
      const int64_t sequence = event < 4 ? 0 : event < 6 ? 1 : 2;
      const int64_t position = event - std::vector<int64_t>{0, 4, 6}[sequence];
      for (int64_t item = 1; item <= toy::kItems; ++item) {
        const bool logged = item == context_.data.item[event].item<int32_t>();
        file << "s" << sequence << '\t' << position << "\ti" << item << '\t'
             << 10 * event + item + (logged ? more : 0) << '\n';
      }
    }
    return {{"id", "lea.table"}, {"params", {{"rewards", path}}}};
  }

  static json inner(const std::string& id, json params = json::object()) {
    return {{"id", id}, {"params", std::move(params)}};
  }

  static std::vector<int64_t> sorted(const Tensor& values) {
    const Tensor flat = std::get<0>(values.flatten().to(at::kLong).sort());
    return {flat.const_data_ptr<int64_t>(), flat.const_data_ptr<int64_t>() + flat.numel()};
  }

  torch::NoGradGuard no_grad_;
  toy::Context context_;
  const std::vector<Role> three_ = {Role::kLogged, Role::kSampled, Role::kProposed};
  const std::vector<int64_t> each_once_ = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
};

}  // namespace lea
