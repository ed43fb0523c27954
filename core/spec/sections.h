// The sections of a spec. Their settings are declared as the parameters of a plugin are, with
// `fields` (core/spec/params.h). A setting that is new is declared `added`; a default here never
// changes. Ids such as U16 and A5 number what the paper leaves open and what it says in two ways.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/spec/params.h"

namespace lea::spec {

// Which interactions are used, and how much of the past a model sees.
struct DataSection {
  std::string name;            // the data set in the lab: lab/data/NAME
  std::string path;            // imported from here when the lab has no such data set
  std::string format = "tsv";  // how `path` is laid out
  int64_t history = 10;
  int64_t min_sequence = 0;
  int64_t min_item = 0;
  std::string filter = "once";
  void fields(Fields& f) {
    f.text("name", name, "data set in the lab");
    f.file("path", path, "folder or file to import from when the lab lacks the data set");
    f.choice("format", format, {"tsv", "recbole", "gru4rec"}, "layout of `path`");
    f.integer("history", history, {1, 1000}, "items of the past that form a state (paper: 10)");
    f.integer("min_sequence", min_sequence, {0, 1e6},
              "drop sequences with fewer interactions on import (paper: 3)");
    f.integer("min_item", min_item, {0, 1e6},
              "drop items with fewer interactions on import (paper: 3)");
    f.choice("filter", filter, {"once", "stable"},
             "apply the two filters once, or until nothing changes (U16)");
  }
};

// Which interactions are for training, validation and test.
struct SplitSection {
  std::string by = "sequence";
  std::vector<double> ratios = {0.8, 0.1, 0.1};
  int64_t seed = 1;
  std::string path;
  double valid_from = 0;
  double test_from = 0;
  void fields(Fields& f) {
    f.choice("by", by, {"sequence", "file", "last_one", "time"},
             "what decides the part of an interaction (U16)");
    f.reals("ratios", ratios, {0, 1}, "shares of train, valid and test (by: sequence or time)");
    f.integer("seed", seed, {0, 9e15}, "seed of the shuffle (by: sequence)");
    f.file("path", path, "TSV of `user_id part` (by: file)");
    f.real("valid_from", valid_from, {}, "first timestamp of valid (by: time; 0: from the ratios)");
    f.real("test_from", test_from, {}, "first timestamp of test (by: time; 0: from the ratios)");
  }
};

// How a framework is trained, and when training stops.
struct TrainSection {
  int64_t batch_size = 256;
  double learning_rate = 0.005;
  std::string sampling = "replay";
  int64_t max_steps = 30000;
  int64_t validate_every = 500;
  int64_t patience = 10;
  int64_t min_steps = 0;
  std::string stop_on = "ndcg@20";
  int64_t drop_learning_rate_at = 0;
  double dropped_learning_rate = 0.001;
  bool fresh_optimizer = false;
  int64_t log_every = 100;
  std::string device = "cpu";
  int64_t threads = 1;
  double weight_decay = 0;
  std::string keep = "all";
  void fields(Fields& f) {
    f.integer("batch_size", batch_size, {1, 1e6}, "training events a step (paper: 100)");
    f.real("learning_rate", learning_rate, {0, 10},
           "Adam's learning rate (paper: 1e-3 LFM, 2e-3 Industry)");
    f.choice("sampling", sampling, {"replay", "epochs"},
             "draw each batch afresh without replacement inside it, or pass over shuffled events");
    f.integer("max_steps", max_steps, {1, 1e9}, "steps at most");
    f.integer("validate_every", validate_every, {1, 1e9},
              "validate after so many updates of the evaluated network");
    f.integer("patience", patience, {1, 1e9}, "validations without a new best before stopping");
    f.integer("min_steps", min_steps, {0, 1e9},
              "no early stop before this step, e.g. before SA2C's warm-up has ended");
    f.text("stop_on", stop_on, "validation metric that stops and selects: hr@K, ndcg@K or mrr@K");
    f.integer("drop_learning_rate_at", drop_learning_rate_at, {0, 1e9},
              "step after which the learning rate is `dropped_learning_rate` (0: never)");
    f.real("dropped_learning_rate", dropped_learning_rate, {0, 10}, "learning rate after the drop");
    f.boolean("fresh_optimizer", fresh_optimizer, "forget Adam's moments at the drop");
    f.integer("log_every", log_every, {1, 1e9},
              "steps between two training records of events.jsonl");
    f.text("device", device, "cpu, cuda (the least busy GPU) or cuda:N");
    f.integer("threads", threads, {1, 1024}, "threads a worker");
    f.real("weight_decay", weight_decay, {0, 10},
           "times each weight is added to its gradient, L2 (U20; code: 0)");
    f.added("weight_decay");
    f.choice("keep", keep, {"all", "scoring", "nothing"},
             "weights that stay when the run has ended: of all networks and heads, what its scores "
             "depend on, or none, so that a closed test part stays closed (no part of the hash)");
    f.added("keep");
  }
};

// Which items the host samples beside the logged one.
struct NegativesSection {
  int64_t count = 1;
  std::string from = "uniform";
  int64_t pool = 100;
  int64_t seed = 1;
  double popularity_power = 0;
  std::string exclude = "target";
  void fields(Fields& f) {
    f.integer("count", count, {0, 10000},
              "sampled negatives a step, uniform over the items that may be drawn (paper: 1)");
    f.choice("from", from, {"uniform", "pool"},
             "redraw each step, or draw from a pool fixed for each event (U4)");
    f.integer("pool", pool, {1, 100000},
              "negatives in an event's pool; must be stated with `from: pool`");
    f.integer("seed", seed, {0, 9e15}, "seed of the pool, shared by all rows of a table");
    f.real("popularity_power", popularity_power, {0, 10},
           "draw items in proportion to this power of their training count, so that one without "
           "training events is never drawn (U4; 0: uniform over all items)");
    f.added("popularity_power");
    f.choice("exclude", exclude, {"target", "history", "sequence"},
             "never drawn: the logged item; also all before it in its training sequence; also all "
             "after it there");
    f.added("exclude");
  }
};

// How rankings are measured.
struct EvaluateSection {
  std::vector<int64_t> k = {5, 10, 20};
  std::string ties = "pessimistic";
  bool remove_seen = false;
  bool first_event = true;
  bool test = true;
  void fields(Fields& f) {
    f.integers("k", k, {1, 1e6}, "cuts of HR@k, NDCG@k and MRR@k");
    f.choice("ties", ties, {"pessimistic", "expected", "optimistic"},
             "rank of a target that ties with others (U17)");
    f.boolean("remove_seen", remove_seen,
              "rank among the items that the sequence has not had before (U17)");
    f.boolean("first_event", first_event,
              "count the first event of a sequence, whose history is empty (U17)");
    f.boolean("test", test,
              "rank the test part; false keeps it closed, and true opens it later without training "
              "again (no part of the hash)");
    f.added("test");
  }
};

// How the state that an environment gives joins that of the backbone.
struct StateSection {
  std::string combine = "concat";
  int64_t project = 0;
  void fields(Fields& f) {
    f.choice("combine", combine, {"concat", "replace"},
             "Q-head's state: s' || h (Eq. 4) or s' alone (A5)");
    f.integer("project", project, {0, 65536},
              "project s' to this width before joining (A4; 0: not)");
  }
};

// How the items that an augmenter proposes enter the losses, and when they are proposed.
struct AugmentSection {
  double supervised_weight = 0.1;
  double q_weight = 0.01;
  int64_t from_step = 1000;
  int64_t refresh = 0;
  int64_t candidates = 5;
  void fields(Fields& f) {
    f.real("supervised_weight", supervised_weight, {0, 1e6}, "w_ap of Eq. 16");
    f.real("q_weight", q_weight, {0, 1e6}, "w_aq of Eq. 16");
    f.integer("from_step", from_step, {0, 1e9}, "first step with proposals (U7)");
    f.integer("refresh", refresh, {0, 1e9},
              "steps between two refreshes of the proposals (0: propose once)");
    f.integer("candidates", candidates, {1, 1000},
              "items of the evaluated network's top list (paper: 5)");
  }
};

// How artefacts are made. Nothing here changes a result, so it belongs to no run.
struct PrepareSection {
  int64_t threads = 1;
  std::string device = "cpu";
  void fields(Fields& f) {
    f.integer("threads", threads, {1, 1024}, "threads of a worker that makes an artefact");
    f.text("device", device, "cpu, cuda (the least busy GPU) or cuda:N");
  }
};

}  // namespace lea::spec
