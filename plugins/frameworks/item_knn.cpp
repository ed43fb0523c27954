// Untrained baseline: item-to-item co-occurrence. The score of an item is the number of times that
// it occurs in a training sequence with the history's last item, in either order.
#include <algorithm>

#include "core/api/counting.h"
#include "core/api/plugin.h"

namespace {

class ItemKnn final : public lea::LastItemFramework {
 public:
  struct Params {
    int64_t window = 100;
    void fields(lea::Fields& f) {
      f.integer("window", window, {1, 1e6},
                "farthest distance of two events of a sequence that counts; bounds the work for "
                "long ones");
    }
  };
  static std::vector<std::string> uses() { return {}; }

  ItemKnn(const Params& params, const lea::Context&) : params_(params) {}

 protected:
  void pairs(const int32_t* items, int64_t count,
             std::vector<std::pair<int32_t, int32_t>>& out) const override {
    for (int64_t i = 0; i < count; ++i) {
      const int64_t end = std::min(count, i + params_.window + 1);
      for (int64_t j = i + 1; j < end; ++j) {
        if (items[i] == items[j]) continue;
        out.emplace_back(items[i], items[j]);
        out.emplace_back(items[j], items[i]);
      }
    }
  }

 private:
  const Params params_;
};

}  // namespace

LEA_PLUGIN(framework, "lea.item_knn", "1.0.0", ItemKnn,
           "co-occurrence with the last item; popularity as fallback")
