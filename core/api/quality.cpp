#include "core/api/quality.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "core/api/linear_probe.h"

namespace lea {
namespace {

constexpr int64_t kFirst = 20;        // places of the list of state_hit_20
constexpr int64_t kRowsAtOnce = 256;  // of scores of all items
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();  // a value that an event lacks
constexpr uint64_t kHalf = 0x7168;                                  // a stream of random numbers

// The values of the events of a sample, of the environment or of a baseline. Each is [n], or empty
// where nothing is known.
struct Values {
  std::vector<double> logged, uniform, matched;  // scores
  std::vector<double> same, cross;  // cosines with the other history and the stranger's
  std::vector<double> hit;          // 1: the next item is among the first kFirst
  // The part of the choice that falls on the logged item: by scores or labels, and by the state.
  std::vector<double> choice, state_choice;
};

bool is_tested(const QualitySample& sample, const QualityEvent& event) {
  const auto history = sample.asked(event, event.end).history;
  const bool repeats = std::find(history.begin(), history.end(), event.logged) != history.end();
  return !repeats && mix(kHalf, static_cast<uint64_t>(event.sequence)) % 2 == 1;
}

bool is_fitted(const QualityEvent& event) {
  return mix(kHalf, static_cast<uint64_t>(event.sequence)) % 2 == 0;
}

// Whether the logged item is among the first of all items outside of the history. `scores` [N].
double hit_of(const QualitySample& sample, const QualityEvent& event, const double* scores) {
  const auto history = sample.asked(event, event.end).history;
  const double logged = scores[event.logged - 1];
  int64_t before = -1;  // the logged item itself
  for (int64_t j = 0; j < sample.training.items; ++j) before += scores[j] >= logged;
  std::vector<int32_t> distinct(history.begin(), history.end());
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  for (const int32_t item : distinct) before -= scores[item - 1] >= logged;
  return before < kFirst ? 1 : 0;
}

// Returns 1 when the first candidate, the logged one, has the greatest score, 1 / n when n candidates
// share it, and otherwise 0. `score_of(k)` is the score of candidate k. An event without candidates
// gives kNone.
template <class ScoreOf>
double choice_of(const QualityEvent& event, const ScoreOf& score_of) {
  if (event.candidates().empty()) return kNone;
  const double logged = score_of(0);
  double equal = 1;
  for (size_t k = 1; k < kCandidates; ++k) {
    if (score_of(k) > logged) return 0;
    equal += score_of(k) == logged;
  }
  return 1 / equal;
}

// Returns choice_of() of each event. Row i of `scores`, [n, kCandidates or more], begins with the
// scores of the event's candidates.
std::vector<double> choices_of(const QualitySample& sample, const Tensor& scores) {
  const Tensor rows = scores.to(at::kCPU, at::kDouble).contiguous();
  const double* row = rows.const_data_ptr<double>();
  std::vector<double> choices;
  for (const QualityEvent& event : sample.events) {
    choices.push_back(choice_of(event, [&](size_t k) { return row[k]; }));
    row += rows.size(1);
  }
  return choices;
}

double cosine_of(const Tensor& a, const Tensor& b) {
  const double lengths = (a.norm() * b.norm()).item<double>();
  return lengths > 0 ? at::dot(a, b).item<double>() / lengths : 0;
}

// Returns false when it is to leave.
bool ask_baseline(const Baseline& baseline, const QualitySample& sample,
                  const std::function<bool()>& leave, Values* values) {
  std::vector<double> scores(static_cast<size_t>(sample.training.items));
  for (int64_t i = 0; i < sample.size(); ++i) {
    if (i % kRowsAtOnce == 0 && leave()) return false;
    const QualityEvent& event = sample.events[static_cast<size_t>(i)];
    const auto asked = sample.asked(event, event.end);
    std::fill(scores.begin(), scores.end(), 0);
    baseline.score(asked, scores.data());
    const auto score_of = [&](int64_t item) { return scores[static_cast<size_t>(item - 1)]; };
    values->logged.push_back(score_of(event.logged));
    values->uniform.push_back(score_of(event.drawn[0]));
    values->matched.push_back(score_of(event.matched));
    values->hit.push_back(is_tested(sample, event) ? hit_of(sample, event, scores.data()) : kNone);
    const auto items = event.actions();
    const auto choice = [&] {
      return choice_of(event, [&](size_t k) { return score_of(items[k]); });
    };
    values->choice.push_back(choice());
    std::fill(scores.begin(), scores.end(), 0);
    values->state_choice.push_back(
        baseline.state_score(asked, scores.data()) ? choice() : values->choice.back());
    const Tensor own = baseline.vector(asked);
    if (!own.defined()) continue;
    // The stranger is described as if it were of the event's sequence, so that all three vectors
    // leave out the same counts.
    auto strange = asked;
    if (event.stranger >= 0) {
      const QualityEvent& stranger = sample.events[static_cast<size_t>(event.stranger)];
      strange.history = sample.asked(stranger, stranger.end).history;
    }
    values->same.push_back(cosine_of(own, baseline.vector(sample.asked(event, event.other))));
    values->cross.push_back(event.stranger < 0 ? kNone : cosine_of(own, baseline.vector(strange)));
  }
  return true;
}

std::vector<double> column_of(const Tensor& rows, int64_t column) {
  const Tensor values = rows.select(1, column).to(at::kCPU, at::kDouble).contiguous();
  return {values.const_data_ptr<double>(), values.const_data_ptr<double>() + values.size(0)};
}

void compare_states(const QualitySample& sample, const QualityAnswers& answers, Values* values) {
  const Tensor states = answers.states.to(at::kCPU, at::kDouble),
               others = answers.others.to(at::kCPU, at::kDouble);
  for (int64_t i = 0; i < sample.size(); ++i) {
    const int64_t stranger = sample.events[static_cast<size_t>(i)].stranger;
    values->same.push_back(cosine_of(states[i], others[i]));
    values->cross.push_back(stranger < 0 ? kNone : cosine_of(states[i], states[stranger]));
  }
}

// The hits of a linear probe from the states; none when a half of the sequences is too small.
void probe_states(const QualitySample& sample, const Tensor& states, const Tensor& item_vectors,
                  Values* values) {
  std::vector<int64_t> fitted, tested, logged;
  for (int64_t i = 0; i < sample.size(); ++i) {
    const QualityEvent& event = sample.events[static_cast<size_t>(i)];
    if (is_fitted(event)) {
      fitted.push_back(i);
      logged.push_back(event.logged - 1);
    } else if (is_tested(sample, event)) {
      tested.push_back(i);
    }
  }
  if (fitted.size() < 2 || tested.empty()) return;
  const auto rows_of = [](const Tensor& from, const std::vector<int64_t>& rows) {
    return from.index_select(0, at::tensor(rows, at::kLong));
  };
  const Tensor inputs = states.to(at::kCPU, at::kDouble),
               units = centred_units(item_vectors).to(at::kDouble);
  const LinearProbe probe = fit_linear_probe(rows_of(inputs, fitted), rows_of(units, logged));
  values->hit.assign(sample.events.size(), kNone);
  for (size_t begin = 0; begin < tested.size(); begin += kRowsAtOnce) {
    const size_t end = std::min(tested.size(), begin + static_cast<size_t>(kRowsAtOnce));
    const std::vector<int64_t> rows(tested.begin() + static_cast<std::ptrdiff_t>(begin),
                                    tested.begin() + static_cast<std::ptrdiff_t>(end));
    const Tensor scores = at::mm(probe(rows_of(inputs, rows)), units.t()).contiguous();  // [B, N]
    const double* score = scores.const_data_ptr<double>();
    for (const int64_t row : rows) {
      const auto at = static_cast<size_t>(row);
      values->hit[at] = hit_of(sample, sample.events[at], score);
      score += scores.size(1);
    }
  }
}

// The share of pairs in which the first value is the greater; NaN where one is NaN.
std::vector<double> greater(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> result;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    const bool missing = std::isnan(a[i]) || std::isnan(b[i]);
    result.push_back(missing ? kNone : a[i] > b[i] ? 1 : a[i] == b[i] ? 0.5 : 0);
  }
  return result;
}

// Builds one figure of the environment and of all baselines on the same events.
class Comparison {
 public:
  Comparison(const QualitySample& sample, const Baselines& baselines, const Values& own,
             const std::vector<Values>& of_baselines)
      : sample_(sample), baselines_(baselines), own_(own), of_baselines_(of_baselines) {}

  // The mean of what `values_of(values)` gives for each event.
  template <class ValuesOf>
  void mean(const std::string& name, const ValuesOf& values_of, bool better = true) {
    add(name, values_of(own_), better, [&](const std::vector<size_t>& events) {
      return [&, events](const Values& values) -> Figure {
        const std::vector<double> all = values_of(values);
        if (all.empty()) return {};
        return mean_figure(sequences_of(events), kept(all, events));
      };
    });
  }

  void auc(const std::string& name, std::vector<double> Values::*negative) {
    add(name, own_.*negative, /*better=*/true, [&](const std::vector<size_t>& events) {
      return [&, events](const Values& values) -> Figure {
        return auc_figure(sequences_of(events), kept(values.logged, events),
                          kept(values.*negative, events));
      };
    });
  }

  std::vector<QualityFigure> figures;

 private:
  template <class FiguresOf>
  void add(const std::string& name, const std::vector<double>& values, bool better,
           const FiguresOf& figures_of) {
    std::vector<size_t> events;
    for (size_t i = 0; i < values.size(); ++i) {
      if (!std::isnan(values[i])) events.push_back(i);
    }
    if (events.empty()) return;
    std::vector<int64_t> sequence = sequences_of(events);
    const int64_t sequences = sequence.back() + 1;  // events are in the order of their sequences
    const std::vector<double> once(static_cast<size_t>(sequences), 1);
    const auto figure_of = figures_of(events);
    const Figure own = figure_of(own_);
    QualityFigure figure;
    figure.name = name;
    figure.better = better;
    for (size_t i = 0; i < baselines_.size(); ++i) {
      const Figure other = figure_of(of_baselines_[i]);
      if (!other) continue;
      const std::string& baseline = baselines_[i]->name();
      const double value = other(once);
      figure.beside[baseline] = value;
      if (!better) continue;
      figure.over[baseline] = spread_of(own, other, sequences);
      if (figure.best.empty() || value > figure.beside.at(figure.best)) figure.best = baseline;
    }
    figure.spread =
        figure.best.empty() ? spread_of(own, {}, sequences) : figure.over.at(figure.best);
    figures.push_back(std::move(figure));
  }

  std::vector<int64_t> sequences_of(const std::vector<size_t>& events) const {
    std::vector<int64_t> sequence;
    for (const size_t event : events) sequence.push_back(sample_.events[event].sequence);
    number_sequences(sequence);
    return sequence;
  }

  static std::vector<double> kept(const std::vector<double>& values,
                                  const std::vector<size_t>& events) {
    std::vector<double> some;
    for (const size_t event : events) some.push_back(values[event]);
    return some;
  }

  const QualitySample& sample_;
  const Baselines& baselines_;
  const Values& own_;
  const std::vector<Values>& of_baselines_;
};

// Asks all baselines; nothing when it is to leave.
std::optional<std::vector<Values>> ask_baselines(
    const QualitySample& sample, const Baselines& baselines,
    const std::function<bool(int64_t, int64_t)>& stop) {
  std::vector<Values> all(baselines.size());
  const int64_t total = std::ssize(baselines) + 1;
  for (size_t i = 0; i < baselines.size(); ++i) {
    const auto leave = [&] { return stop(static_cast<int64_t>(i), total); };
    if (!ask_baseline(*baselines[i], sample, leave, &all[i])) return std::nullopt;
  }
  if (stop(total - 1, total)) return std::nullopt;
  return all;
}

}  // namespace

std::optional<std::vector<QualityFigure>> measure_quality(
    const QualitySample& sample, const QualityAnswers& answers, const Baselines& baselines,
    const Tensor& item_vectors, const std::function<bool(int64_t, int64_t)>& stop) {
  const auto of_baselines = ask_baselines(sample, baselines, stop);
  if (!of_baselines) return std::nullopt;
  Values own;
  if (answers.rewards.defined()) {
    own.logged = column_of(answers.rewards, 0);
    own.uniform = column_of(answers.rewards, 1);
    own.matched = column_of(answers.rewards, QualityEvent::kMatched);
    own.choice = choices_of(sample, answers.rewards);
  }
  if (answers.states.defined()) {
    compare_states(sample, answers, &own);
    if (item_vectors.defined()) probe_states(sample, answers.states, item_vectors, &own);
  }
  if (answers.similarities.defined()) own.state_choice = choices_of(sample, answers.similarities);
  Comparison comparison(sample, baselines, own, *of_baselines);
  comparison.mean("reward_accuracy",
                  [](const Values& values) { return greater(values.logged, values.uniform); });
  comparison.mean("reward_accuracy_matched",
                  [](const Values& values) { return greater(values.logged, values.matched); });
  comparison.auc("reward_auc", &Values::uniform);
  comparison.auc("reward_auc_matched", &Values::matched);
  comparison.mean("reward_choice", [](const Values& values) { return values.choice; });
  comparison.mean("state_accuracy",
                  [](const Values& values) { return greater(values.same, values.cross); });
  comparison.mean(
      "state_cosine", [](const Values& values) { return values.cross; },
      /*better=*/false);
  comparison.mean("state_hit_20", [](const Values& values) { return values.hit; });
  comparison.mean("state_choice", [](const Values& values) { return values.state_choice; });
  return std::move(comparison.figures);
}

std::optional<std::vector<QualityFigure>> measure_choices(
    const QualitySample& sample, const std::vector<int64_t>& chosen, const Baselines& baselines,
    const std::function<bool(int64_t, int64_t)>& stop) {
  const auto of_baselines = ask_baselines(sample, baselines, stop);
  if (!of_baselines) return std::nullopt;
  Values own;
  for (size_t i = 0; i < sample.events.size(); ++i) {
    const QualityEvent& event = sample.events[i];
    const bool asked = !event.candidates().empty();
    own.choice.push_back(!asked ? kNone : chosen[i] == event.place ? 1 : 0);
  }
  Comparison compared(sample, baselines, own, *of_baselines);
  compared.mean("choice_accuracy", [](const Values& values) { return values.choice; });
  const Baselines no_baselines;
  const std::vector<Values> no_values;
  Comparison alone(sample, no_baselines, own, no_values);
  for (int64_t place = 0; place < static_cast<int64_t>(kCandidates); ++place) {
    const std::string number = std::to_string(place + 1);
    const auto each = [&](const auto& value_of) {
      return [&sample, value_of](const Values& values) {
        std::vector<double> result(values.choice.size(), kNone);
        for (size_t i = 0; i < result.size(); ++i) {
          if (!std::isnan(values.choice[i]))
            result[i] = value_of(i, sample.events[i], values.choice[i]);
        }
        return result;
      };
    };
    alone.mean("choice_accuracy.at_" + number,
               each([place](size_t, const QualityEvent& event, double choice) {
                 return event.place == place ? choice : kNone;
               }),
               /*better=*/false);
    alone.mean("choice_accuracy.share_" + number,
               each([place, &chosen](size_t i, const QualityEvent&, double) {
                 return chosen[i] == place ? 1.0 : 0.0;
               }),
               /*better=*/false);
  }
  std::vector<QualityFigure> figures = std::move(compared.figures);
  figures.insert(figures.end(), alone.figures.begin(), alone.figures.end());
  return figures;
}

}  // namespace lea
