// What a finished run keeps of its network (train.keep), and how it is used again: when a closed
// test part is opened, and when scores are exported.
#pragma once

#include <functional>
#include <string>

#include "core/train/evaluate.h"
#include "core/train/module_state.h"

namespace lea::train {

// The values of train.keep.
inline constexpr const char* kKeepAll = "all";
inline constexpr const char* kKeepScoring = "scoring";  // what the scores depend on
inline constexpr const char* kKeepNothing = "nothing";

// The tensors of the framework on which its scores depend: all but those that can hold NaN without
// any effect, such as a twin network or a head that is only trained. This is tried with a few
// validation events, and then confirmed with all: when they do not rank as in `valid_ranks`, the
// bytes of ranks-valid.bin, all tensors are returned. Calls `at_work` now and then. The other
// tensors of the framework hold NaN afterwards.
Tensors tensors_of_scores(Framework& framework, const Evaluator& evaluator,
                          const std::string& valid_ranks, const std::function<void()>& at_work);

// Puts the network that is kept in the folder into the framework. What the run did not keep,
// because `keep` says so, holds NaN, so that scores that depend on it are refused. Throws DataError
// when there is no such network, or it is not that of the framework, and StoreError when it cannot
// be read.
void load_kept(Framework& framework, const std::string& folder, const std::string& keep);

}  // namespace lea::train
