// Plugins whose calls are named (core/train/plugin_call.h), whoever makes them: a backbone is called by
// its framework, and an environment by an augmenter or by another environment. The shape of what they
// give is checked.
#pragma once

#include <memory>
#include <string>

#include "core/api/plugin.h"

namespace lea::train {

// Each behaves like the plugin that it holds. A backbone has the same parameters, buffers and modules
// under the same names, which it shares, so that a checkpoint does not depend on this. An environment
// is a Chooser, and an augmenter a ListReader, if the one that it holds is one. Null for null.
std::shared_ptr<Backbone> with_named_calls(std::shared_ptr<Backbone> backbone,
                                           const std::string& id);
std::shared_ptr<Environment> with_named_calls(std::shared_ptr<Environment> environment,
                                              const std::string& id);
std::shared_ptr<Augmenter> with_named_calls(std::shared_ptr<Augmenter> augmenter,
                                            const std::string& id);

}  // namespace lea::train
