-- The results index. Every row is copied from a run folder or from lab/experiments/NAME.json.
-- Documents (spec, result, labels, axes) are stored as JSON text.

CREATE TABLE experiment (
  name    TEXT PRIMARY KEY,
  created TEXT NOT NULL,
  axes    TEXT NOT NULL,  -- list of axis names, in the order of the spec
  spec    TEXT NOT NULL   -- the resolved spec file
) STRICT, WITHOUT ROWID;

-- The runs that an experiment plans, in grid order. A run belongs to every experiment that plans
-- its hash and seed. The names `cell` and `cell_hash` are older than the word run: each row is a
-- cell with a seed, and a hash is the hash of a run.
CREATE TABLE cell (
  experiment TEXT NOT NULL REFERENCES experiment (name) ON DELETE CASCADE,
  position   INTEGER NOT NULL,
  hash       TEXT NOT NULL,
  seed       INTEGER NOT NULL,
  labels     TEXT NOT NULL,  -- JSON object: axis -> label
  PRIMARY KEY (experiment, position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX cell_by_hash ON cell (experiment, hash, seed);

CREATE TABLE run (
  uuid       TEXT PRIMARY KEY,
  experiment TEXT NOT NULL,  -- the experiment that first planned it
  cell_hash  TEXT NOT NULL,
  seed       INTEGER NOT NULL,
  state      TEXT NOT NULL CHECK (state IN ('queued', 'running', 'finished', 'failed', 'cancelled', 'interrupted')),
  reason     TEXT NOT NULL,
  created    TEXT NOT NULL,
  finished   TEXT NOT NULL,
  source     TEXT NOT NULL CHECK (source IN ('lealab', 'imported')),
  labels     TEXT NOT NULL,
  axes       TEXT NOT NULL,
  spec       TEXT NOT NULL,
  result     TEXT NOT NULL,  -- 'null' before the run ends
  attempt    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX run_by_hash ON run (cell_hash, seed);
CREATE INDEX run_by_experiment ON run (experiment);

CREATE TABLE result (
  uuid   TEXT NOT NULL REFERENCES run (uuid) ON DELETE CASCADE,
  metric TEXT NOT NULL,
  k      INTEGER NOT NULL CHECK (k >= 1),
  part   TEXT NOT NULL CHECK (part IN ('valid', 'test')),
  value  REAL NOT NULL CHECK (value BETWEEN 0 AND 1),
  PRIMARY KEY (uuid, metric, k, part)
) STRICT, WITHOUT ROWID;
CREATE INDEX result_by_value ON result (metric, k, part, value);

CREATE TABLE curve (
  uuid   TEXT NOT NULL REFERENCES run (uuid) ON DELETE CASCADE,
  metric TEXT NOT NULL,
  step   INTEGER NOT NULL,
  value  REAL NOT NULL,
  PRIMARY KEY (uuid, metric, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE plugin (
  uuid    TEXT NOT NULL REFERENCES run (uuid) ON DELETE CASCADE,
  id      TEXT NOT NULL,
  version TEXT NOT NULL,
  sha256  TEXT NOT NULL,
  PRIMARY KEY (uuid, id)
) STRICT, WITHOUT ROWID;
