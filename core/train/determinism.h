// Makes LibTorch give equal bits for equal inputs.
#pragma once

namespace lea::train {

// From now on, operations of this process give the same bits for the same inputs on one kind of
// machine. An operation that cannot do so throws c10::Error.
void require_determinism();

}  // namespace lea::train
