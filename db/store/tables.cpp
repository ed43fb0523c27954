// What the tables of the index hold. A test compares this with the schema.
#include "db/store/sandbox.h"

namespace lea::db {

const std::vector<TableAbout>& tables() {
  static const std::vector<TableAbout> kTables = {
      {"run",
       "One row for each run",
       {{"uuid", "TEXT", "the name of its folder"},
        {"experiment", "TEXT", "the experiment that first planned it"},
        {"cell_hash", "TEXT", "hash of its settings without the seed; joins cell.hash"},
        {"seed", "INTEGER", "its random seed"},
        {"state", "TEXT", "queued, running, finished, failed, cancelled or interrupted"},
        {"reason", "TEXT", "why it failed"},
        {"created", "TEXT", "UTC, as 2026-01-31T12:00:00Z"},
        {"finished", "TEXT", "UTC; empty before it ends"},
        {"source", "TEXT", "lealab, or imported for the ranks of another system"},
        {"labels", "TEXT", "JSON: axis -> label, as labels ->> '$.framework'"},
        {"axes", "TEXT", "JSON: the axes of its experiment, in order"},
        {"spec", "TEXT", "JSON: its resolved spec, as spec ->> '$.train.learning_rate'"},
        {"result", "TEXT", "JSON: its result.json, as result ->> '$.wall_seconds'"},
        {"attempt", "INTEGER", "number of the attempt that the row comes from"}}},
      {"result",
       "The final metrics of each run",
       {{"uuid", "TEXT", "of the run; joins run.uuid"},
        {"metric", "TEXT", "hr, ndcg or mrr"},
        {"k", "INTEGER", "length of the list that is judged"},
        {"part", "TEXT", "valid or test"},
        {"value", "REAL", "from 0 to 1"}}},
      {"curve",
       "What each run recorded while it trained",
       {{"uuid", "TEXT", "of the run; joins run.uuid"},
        {"metric", "TEXT", "loss, ndcg@20 and others"},
        {"step", "INTEGER", "training step"},
        {"value", "REAL", ""}}},
      {"experiment",
       "The plan of each experiment",
       {{"name", "TEXT", ""},
        {"created", "TEXT", "UTC, when it was planned last"},
        {"axes", "TEXT", "JSON: its axes, in the order of the spec"},
        {"spec", "TEXT", "JSON: the resolved spec"}}},
      {"cell",
       "The runs that each experiment plans",
       {{"experiment", "TEXT", "joins experiment.name"},
        {"position", "INTEGER", "place in the grid"},
        {"hash", "TEXT", "with seed: joins run.cell_hash and run.seed"},
        {"seed", "INTEGER", ""},
        {"labels", "TEXT", "JSON: axis -> label"}}},
      {"plugin",
       "The plugins that each run was made with",
       {{"uuid", "TEXT", "of the run; joins run.uuid"},
        {"id", "TEXT", "such as lea.snqn"},
        {"version", "TEXT", ""},
        {"sha256", "TEXT", "of its library"}}},
      {"seen",
       "How the files of each run looked when they were read",
       {{"uuid", "TEXT", "of the run; joins run.uuid"},
        {"stamp", "TEXT", "changes when a file of the run does"}}},
  };
  return kTables;
}

}  // namespace lea::db
