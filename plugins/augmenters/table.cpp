// Proposals from a user's file, which another program or a person made for this data set.
//
//   proposals  sequence_id <TAB> position <TAB> item_id
//
// A proposal belongs to the event at that position (from 0). Events without a row have no proposal.
#include <ATen/ATen.h>

#include "core/api/event_table.h"
#include "core/api/plugin.h"

namespace {

using lea::Tensor;

class Table final : public lea::Augmenter {
 public:
  struct Params {
    std::string proposals;
    void fields(lea::Fields& f) {
      f.file("proposals", proposals,
             "file with the columns sequence_id, position, item_id; empty: no proposals",
             lea::FileRows::kEvents);
    }
  };

  Table(const Params& params, const lea::Context& context)
      : proposed_(at::zeros({context.training().events()}, at::kLong)) {
    if (params.proposals.empty()) return;
    lea::EventTable table(params.proposals, {"item_id"}, context);
    std::vector<int64_t> seen(proposed_.size(0), 0);
    while (table.next()) {
      if (seen[table.event()] != 0) {
        table.refuse("the same sequence and position as in line " +
                     std::to_string(seen[table.event()]) + ": keep one of the two");
      }
      seen[table.event()] = table.line();
      proposed_.mutable_data_ptr<int64_t>()[table.event()] = table.item(2);
    }
  }

  Tensor propose(const lea::History& history, const Tensor& candidates) override {
    return proposed_.index_select(0, history.event.to(at::kCPU)).to(candidates.device());
  }

 private:
  Tensor proposed_;  // int64 [E], 0: none
};

}  // namespace

LEA_PLUGIN(augmenter, "lea.table", "1.0.0", Table, "proposals from a user's tab-separated file")
