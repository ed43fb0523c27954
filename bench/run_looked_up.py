#!/usr/bin/env python3
"""Times the training steps of runs whose rewards and states are looked up, beside the same step without.

Needs numpy, and lealab with its plugins and bench_looked_up, both built with -DLEA_BENCH=ON:
    python3 bench/run_looked_up.py --bin build/bench/bin --data ../shared/data/industry
The data folder holds interactions.tsv (or .tsv.gz), items.tsv and split.tsv. Writes bench/results/looked_up-MACHINE.md.
Exit status 1 when a bar is missed.

SNQN with SASRec, negatives from a pool of 100 for each event. Each row is a run that `lealab run` resolved and made the
artefacts of; bench_looked_up then trains all rows in one process on one thread, a block of steps each in turn. A ratio
is the median over the rounds of a row's block and the first row's block of the same round. The limit of a row is what its
step cannot avoid: five products of the batch with the heads of all items, as wide as the row joins them, fused Adam, and
reading the rows of states.
"""

import argparse
import csv
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy

import report

POOL = 100
SIZES = [(100, 1), (256, 10)]  # batch, negatives

# By name: what the run states, and the bar of its ratio.
ROWS = {
    "predefined": ("reward: predefined", None),
    "table": ("reward: rewards", 1.3),
    "table, state of 64": ("reward: rewards, state: {of: states_64, combine: concat}", 1.5),
    "table, state of 576 projected to 64": ("reward: rewards, state: {of: states_576, combine: concat, project: 64}", 1.5),
    "item_vectors": ("reward: vectors", None),
    "cooccurrence": ("reward: near", None),
    "text_tfidf": ("reward: words", None),
    "item_vectors, its state of 64": ("reward: vectors, state: {of: vectors, combine: concat}", None),
}

SPEC = """
name: {name}
data: {{name: real, path: {data}, format: tsv}}
split: {{by: file, path: {data}/split.tsv}}
train: {{batch_size: {batch}, max_steps: 1, validate_every: 1}}
negatives: {{count: {negatives}, from: pool, pool: {pool}}}
evaluate: {{test: false}}
backbone: sasrec
framework: snqn
environments:
  rewards: {{table: {{rewards: rewards.npz}}}}
  states_64: {{table: {{states: states_64.npz}}}}
  states_576: {{table: {{states: states_576.npz}}}}
  vectors: item_vectors
  near: cooccurrence
  words: text_tfidf
grid:
  variant:
{variants}
seeds: [1]
"""


def rows_of(folder, name):
    """The rows of NAME.tsv, or of NAME.tsv.gz."""
    plain = folder / f"{name}.tsv"
    path = plain if plain.exists() else folder / f"{name}.tsv.gz"
    opened = gzip.open(path, "rt") if path.suffix == ".gz" else open(path, encoding="utf-8")
    with opened as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)


def write_tables(data, folder):
    """Random rewards and states for each training event and place."""
    train = {row["user_id"] for row in rows_of(data, "split") if row["part"] == "train"}
    events = sum(row["user_id"] in train for row in rows_of(data, "interactions"))
    random = numpy.random.default_rng(1)
    numpy.savez(folder / "rewards.npz", rewards=random.random((events, 1 + POOL), dtype=numpy.float32))
    for width in (64, 576):
        states = random.standard_normal((events + len(train), width), dtype=numpy.float32)
        numpy.savez(folder / f"states_{width}.npz", states=states)


def lealab(program, lab, *arguments):
    command = [f"{program}/lealab", "--lab", str(lab), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed: {done.stdout.strip()} {done.stderr.strip()}")


def made_runs(program, folder, data, batch, negatives):
    """The folders of one finished run for each row, in their order."""
    name, lab = f"b{batch}n{negatives}", folder / "lab"
    variants = "\n".join(f'    - "{row}": {{{states}}}' for row, (states, _) in ROWS.items())
    spec = folder / f"{name}.yaml"
    spec.write_text(
        SPEC.format(name=name, data=data, batch=batch, negatives=negatives, pool=POOL, variants=variants)
    )
    lealab(program, lab, "run", spec)
    found = {}
    for file in lab.glob("runs/*/cell.json"):
        cell = json.loads(file.read_text())
        if cell["experiment"] == name:
            found[cell["labels"]["variant"]] = str(file.parent)
    return [found[row] for row in ROWS]


def measure(program, lab, runs, rounds):
    command = [f"{program}/bench_looked_up", "--lab", str(lab), "--rounds", str(rounds), *runs]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"bench_looked_up failed: {done.stderr.strip()}")
    return json.loads(done.stdout)


def table_rows(batch, negatives, results):
    rows, all_met = [], True
    for (name, (_, bar)), result in zip(ROWS.items(), results):
        met = bar is None or result["ratio"] <= bar
        all_met = all_met and met
        mark = "" if bar is None else f"{bar}: {'met' if met else 'MISSED'}"
        times = [f"{result[key]:.2f}" for key in ("best_ms", "median_ms", "transition_ms", "wall_ms")]
        ratios = [f"{result['ratio']:.2f}", f"{result['wall_ratio']:.2f}"]
        floors = [f"{result['floor_ms'] / results[0]['floor_ms']:.2f}", f"{result['best_ms'] / result['floor_ms']:.2f}"]
        rows.append([batch, negatives, name, *times, *ratios, *floors, mark])
    return rows, all_met


def main():
    shared = os.environ.get("LEALAB_TEST_DATA", "../shared/data")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--bin", default="build/bench/bin", help="folder of lealab and bench_looked_up")
    parser.add_argument("--data", default=f"{shared}/industry", help="folder of the data set")
    parser.add_argument("--rounds", type=int, default=40, help="blocks of 20 steps of each row")
    options = parser.parse_args()
    kind = report.machine(options.bin)
    data, program = pathlib.Path(options.data).resolve(), pathlib.Path(options.bin).resolve()
    if not (data / "split.tsv").exists():
        sys.exit(f"{data} holds no split.tsv: name the folder of the data set with --data")
    os.environ["OMP_NUM_THREADS"] = "1"
    rows, all_met = [], True
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_tables(data, folder)
        for batch, negatives in SIZES:
            runs = made_runs(program, folder, data, batch, negatives)
            more, met = table_rows(batch, negatives, measure(program, folder / "lab", runs, options.rounds))
            rows += more
            all_met = all_met and met
    header = ["batch", "negatives", "reward and state", "best, ms", "median, ms", "of it the transition", "wall, ms"]
    header += ["ratio", "of wall time", "of the limits", "best over its limit", "bar"]
    text = f"""# A training step with looked-up rewards and states, on {data.name}

{report.provenance(kind)}. SNQN with SASRec, a pool of {POOL}, one thread. CPU time of a step unless it says wall time, in blocks
of 20 steps; the rows take turns, {options.rounds} rounds. A ratio is the median over the rounds of a row over the first one.

{report.table(header, rows)}
"""
    print(text)
    print("Written to", report.write("looked_up", kind, text))
    return 0 if all_met else 1


if __name__ == "__main__":
    sys.exit(main())
