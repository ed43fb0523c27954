-- How the files of a run's folder looked when its rows were written (core/run/plain_files.h). A run that
-- has ended is read again when they look otherwise. The stamp says nothing about the results, so
-- content_hash leaves this table out.
CREATE TABLE seen (
  uuid  TEXT PRIMARY KEY REFERENCES run (uuid) ON DELETE CASCADE,
  stamp TEXT NOT NULL
) STRICT, WITHOUT ROWID;
