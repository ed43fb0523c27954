#include "plugins/tuning/tables.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <filesystem>

#include "core/api/pool.h"
#include "core/base/counted.h"
#include "core/base/error.h"
#include "plugins/tuning/losses.h"

namespace lea {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kRowsOfSample = 20000;  // of a table, for figures

// Every n-th row, so that there are at most kRowsOfSample.
Tensor sample_of(const Tensor& table) {
  const int64_t step = 1 + (table.size(0) - 1) / kRowsOfSample;
  return table.slice(0, 0, table.size(0), std::max<int64_t>(step, 1)).to(at::kFloat);
}

// The first event of each sequence, bool [E].
Tensor without_history(const TrainingData& training) {
  const Tensor empty = at::zeros({training.events()}, at::kBool);
  const Tensor starts = training.offset.narrow(0, 0, training.sequences());
  empty.index_fill_(0, starts.masked_select(starts.lt(training.offset.slice(0, 1))), 1);
  return empty;
}

}  // namespace

bool append_rows(TableWriter& writer, int64_t rows, int64_t chunk,
                 const std::function<bool()>& leave,
                 const std::function<Tensor(int64_t, int64_t)>& rows_of) {
  const at::NoGradGuard no_grad;
  while (!leave()) {
    if (writer.done() == rows) return true;
    const int64_t begin = writer.done() - writer.done() % chunk;
    const Tensor values = rows_of(begin, std::min(begin + chunk, rows));
    if (!values.defined()) return false;
    writer.append(values.slice(0, writer.done() - begin));
  }
  return false;
}

int64_t pool_width(PrepareContext& context) {
  const Tensor pool = context.pool();
  return pool.defined() ? pool.size(1) : 0;
}

Tensor table_actions(const TrainingData& training, const Tensor& pool, const Tensor& events) {
  const Tensor logged = training.item.index_select(0, events).to(at::kLong).unsqueeze(1);
  return pool.defined() ? at::cat({logged, pool.index_select(0, events)}, 1) : logged;
}

void record_states(PrepareContext& context, uint64_t seed) {
  const Table table(context.folder() + "/" + kStatesFile);
  const double cosine = mean_cosine(sample_of(table.values()), seed);
  context.record("state_cosine", cosine);
  if (const std::string warning = collapse_warning(cosine); !warning.empty())
    context.log(LogLevel::kWarning, warning);
}

void finish_rewards(PrepareContext& context, const std::string& empty_history) {
  const TrainingData training = context.training();
  const int64_t events = training.events(), sampled = pool_width(context);
  const std::string path = context.folder() + "/" + kRewardsFile,
                    raw_path = context.folder() + "/" + kRawRewards;
  const Tensor empty = without_history(training);
  if (!fs::exists(path)) {
    const Table raw(raw_path);
    const Tensor known = empty.logical_not().nonzero().squeeze(1);
    double mean = 0;
    if (known.size(0) > 0 && empty_history == "mean")
      mean = raw.values().index_select(0, known).to(at::kDouble).mean().item<double>();
    TableWriter writer(path, events, 1 + sampled);
    while (writer.done() < events) {
      constexpr int64_t kRows = 1 << 16;
      const int64_t count = std::min(kRows, events - writer.done());
      const Tensor mask = empty.narrow(0, writer.done(), count).unsqueeze(1);
      writer.append(raw.values().narrow(0, writer.done(), count).masked_fill(mask, mean));
    }
    writer.finish();
  }
  fs::remove(raw_path);
  const Tensor rewards =
      sample_of(Table(path).values().index_select(0, empty.logical_not().nonzero().squeeze(1)));
  if (rewards.size(0) == 0) return;
  const Tensor logged = rewards.narrow(1, 0, 1), others = rewards.narrow(1, 1, sampled);
  context.record("mean_logged", logged.to(at::kDouble).mean().item<double>());
  if (sampled == 0) return;
  context.record("mean_sampled", others.to(at::kDouble).mean().item<double>());
  // A detail, which no footer prints: the training events hold those that it has learned from.
  context.record(
      "mean_logged.accuracy",
      (logged.gt(others).to(at::kDouble) + logged.eq(others) * 0.5).mean().item<double>());
}

Table open_table(const std::string& path, int64_t rows, int64_t width) {
  Table table(path);
  if (table.rows() == rows && (width < 0 || table.width() == width)) return table;
  throw DataError(path + ": has " + counted(table.rows(), "row") + " of " +
                  counted(table.width(), "value") +
                  ", so it is of other data than this run's. It must be made anew");
}

Table open_rewards(const std::string& folder, const TrainingData& training, const Tensor& pool) {
  return open_table(folder + "/" + kRewardsFile, training.events(),
                    1 + (pool.defined() ? pool.size(1) : 0));
}

FoundRewards find_rewards(const std::optional<Table>& table, const TrainingData& training,
                          const Tensor& pool, const History& history, const Tensor& actions) {
  const Tensor event = history.event.to(at::kCPU), length = history.length.to(at::kCPU),
               wanted = actions.to(at::kCPU).contiguous();
  Tensor column = at::full(wanted.sizes(), -1, at::kLong),
         values = at::zeros(wanted.sizes(), at::kFloat);
  if (table) {
    column = reward_columns(training, pool, event, wanted);
    // The first event of a sequence has an empty history.
    if (table->rows() > 0) values.fill_(table->values()[0][0].item<float>());
    const Tensor cell = event.clamp_min(0).unsqueeze(1) * table->width() + column.clamp_min(0);
    const Tensor found = table->values().view(-1).index_select(0, cell.flatten()).to(at::kFloat);
    values = at::where(column.ge(0), found.view(wanted.sizes()), values);
  }
  const Tensor missing = column.lt(0).logical_and(length.gt(0).unsqueeze(1)).nonzero();
  return {values, missing.contiguous()};
}

}  // namespace lea
