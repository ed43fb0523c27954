// An augmenter proposes one more positive item for each history. This one proposes the best item of
// the network that the history does not hold.
#include <ATen/ATen.h>

#include "core/api/plugin.h"

namespace {

using lea::History;
using lea::Tensor;

class Augmenter final : public lea::Augmenter {
 public:
  struct Params {
    bool unseen = true;
    void fields(lea::Fields& f) {
      f.boolean("unseen", unseen, "skip items that the history holds");
    }
  };

  Augmenter(const Params& params, const lea::Context&) : unseen_(params.unseen) {}

  // int64 [B] from candidates int64 [B, C], best first. 0 proposes nothing for that row.
  Tensor propose(const History& history, const Tensor& candidates) override {
    if (!unseen_) return candidates.select(1, 0);
    const Tensor seen = candidates.unsqueeze(2).eq(history.items.unsqueeze(1)).any(2);  // [B, C]
    const Tensor first = seen.logical_not().to(at::kLong).argmax(1, /*keepdim=*/true);  // [B, 1]
    const Tensor proposal = candidates.gather(1, first).squeeze(1);
    return proposal.masked_fill(seen.all(1), 0);
  }

 private:
  bool unseen_;
};

}  // namespace

LEA_PLUGIN(augmenter, "my.augmenter", "0.1.0-dev", Augmenter,
           "the best item that the history does not hold")
