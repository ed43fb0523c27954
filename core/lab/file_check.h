// Checks the files that the parameters of a run's plugins name.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "core/data/dataset.h"
#include "core/lab/checked.h"
#include "core/spec/plugin_info.h"
#include "core/spec/run_spec.h"

namespace lea::lab {

class FileCheck {
 public:
  // `part` is the part of every event of the data set. All must outlive this.
  FileCheck(const data::Dataset& data, std::span<const uint8_t> part,
            const spec::PluginCatalogue& catalogue)
      : data_(data), part_(part), catalogue_(catalogue) {}

  // Looks for rows of validation and test events. A file that is gone or has changed is unknown,
  // and so is one whose plugin does not declare what its rows belong to. The folder of a language
  // model has no rows. It is clean when it is equal to that of the run.
  Checked check(const spec::GivenFile& file) const;

 private:
  std::optional<FileRows> rows_of(const spec::GivenFile& file) const;
  void look_at(const spec::GivenFile& file, Checked* checked) const;

  const data::Dataset& data_;
  std::span<const uint8_t> part_;
  const spec::PluginCatalogue& catalogue_;
};

}  // namespace lea::lab
