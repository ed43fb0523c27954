// The data sets of an experiment.
#pragma once

#include <functional>
#include <string>

#include "core/spec/experiment.h"

namespace lea::lab {

void check_data(const std::string& lab, const spec::Experiment& experiment);
void import_data(const std::string& lab, const spec::Experiment& experiment,
                 const std::function<void(const spec::DataSection&)>& on_import);

}  // namespace lea::lab
