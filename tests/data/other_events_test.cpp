#include "core/data/other_events.h"

#include "core/data/read_sums.h"
#include "tests/data/scratch.h"

namespace lea::data {
namespace {

class OtherEvents : public Scratch {
 protected:
  // 20 sequences of 6 events with 7 items and two behaviours; no two times are equal.
  std::shared_ptr<const Dataset> original() const {
    std::string rows = "user_id\titem_id\ttimestamp\tbehaviour\n";
    for (int s = 0; s < 20; ++s) {
      for (int i = 0; i < 6; ++i)
        rows +=
            join("u", s, "\ti", (s * s + i) % 7, "\t", 100 * i + s, i % 2 ? "\tbuy\n" : "\tsee\n");
    }
    std::string texts = "item_id\ttitle\n";
    for (int item = 0; item < 7; ++item) texts += join("i", item, "\titem ", item, "\n");
    write("source/interactions.tsv", rows);
    write("source/items.tsv", texts);
    return import(path("source"));
  }
  static spec::SplitSection by(const std::string& what) {
    spec::SplitSection section;
    section.by = what;
    return section;
  }
  std::shared_ptr<const Dataset> copy(const Dataset& data, const Split& split, uint64_t seed,
                                      const std::string& name) const {
    write_other_events(data, split.part, seed, path(name));
    return Dataset::open(path(name));
  }
};

TEST_F(OtherEvents, ReplacesEachEventOutsideTrainingAndNoOther) {
  const auto data = original();
  for (const std::string how : {"sequence", "last_one", "time"}) {
    const Split split = make_split(*data, by(how));
    const auto other = copy(*data, split, 1, how);
    ASSERT_EQ(other->events(), data->events());
    for (size_t e = 0; e < split.part.size(); ++e) {
      const bool training = split.part[e] == static_cast<uint8_t>(Part::kTrain);
      EXPECT_EQ(other->item()[e] == data->item()[e], training) << how << ", event " << e;
      EXPECT_EQ(other->behaviour()[e] == data->behaviour()[e], training) << how << ", event " << e;
      EXPECT_EQ(other->time()[e], data->time()[e]) << how << ", event " << e;
    }
    EXPECT_EQ(make_split(*other, by(how)).part, split.part) << how;
  }
}

TEST_F(OtherEvents, KeepWhatArtefactsMayReadAndHaveAFingerprintOfTheirOwn) {
  const auto data = original();
  const Split split = make_split(*data, by("last_one"));
  spec::RunSpec run;
  run.negatives.from = "pool";
  const auto other = copy(*data, split, 1, "other");
  EXPECT_EQ(read_sums(*other, split.part, run), read_sums(*data, split.part, run));
  EXPECT_EQ(other->item_ids(), data->item_ids());
  EXPECT_EQ(other->sequence_ids(), data->sequence_ids());
  EXPECT_EQ(read(other->items_file()), read(data->items_file()));
  EXPECT_NE(other->fingerprint(), data->fingerprint());
  EXPECT_EQ(copy(*data, split, 1, "again")->fingerprint(), other->fingerprint());
  EXPECT_NE(copy(*data, split, 2, "seed")->fingerprint(), other->fingerprint());
}

TEST_F(OtherEvents, GiveTheFingerprintOfAnImportWhereNothingIsReplaced) {
  const auto data = original();
  const std::vector<uint8_t> training(static_cast<size_t>(data->events()), 0);
  write_other_events(*data, training, 1, path("copy"));
  EXPECT_EQ(Dataset::open(path("copy"))->fingerprint(), data->fingerprint());
}

TEST_F(OtherEvents, NeedASecondItem) {
  const auto data = import_rows("u\ti\t1\nu\ti\t2\n");
  const std::vector<uint8_t> part = {0, 2};
  EXPECT_EQ(refusal_of([&] { write_other_events(*data, part, 1, path("copy")); }),
            "lab/data/toy: has one item, so no event can be another one");
}

}  // namespace
}  // namespace lea::data
