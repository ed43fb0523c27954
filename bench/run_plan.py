#!/usr/bin/env python3
"""Times `lealab plan` in a lab with many finished runs.

Needs a built lealab with its plugins:
    python3 bench/run_plan.py --bin build/release/bin [--runs 100000]
Writes bench/results/plan-MACHINE.md. Exit status 1 when the best of five rounds misses the bar.

The lab is filled from one real run: each further run is a copy of its folder and of its row in the
index with another uuid. Two specs are planned. "One spec of all runs" plans two
frameworks with half as many seeds each, and all of its runs are done. "A small spec beside them" plans one run that the lab lacks.
The limit is `lealab --version`, which only starts the program.
"""

import argparse
import json
import pathlib
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid

import report

BAR_SECONDS = 2.0
ROUNDS = 5

# Two cells with many seeds: a spec may have at most 100,000 values, and a baseline has no seed.
SPEC = """
name: many
data: {{name: toy, path: interactions.tsv}}
train: {{max_steps: 2, validate_every: 1, batch_size: 8}}
backbone: gru4rec
grid: {{framework: {frameworks}}}
seeds: {seeds}
"""


def interactions(path):
    rows = ["user_id\titem_id\ttimestamp"]
    rows += [f"u{u}\ti{random.randrange(40)}\t{t}" for u in range(60) for t in range(8)]
    path.write_text("\n".join(rows) + "\n")


def lealab(program, lab, *arguments):
    start = time.monotonic()
    command = [f"{program}/lealab", "--lab", str(lab), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed: {done.stderr.strip()}")
    return done.stdout, time.monotonic() - start


def copy_runs(lab, tasks):
    """Adds a finished run for each planned task: a copy of the only run in the lab."""
    first = next((lab / "runs").iterdir())
    files = {file.name: file.read_bytes() for file in first.iterdir() if file.is_file()}
    cell = json.loads(files["cell.json"])
    index = sqlite3.connect(lab / "results.sqlite")
    columns = [row[1] for row in index.execute("PRAGMA table_info(run)")]
    row = dict(zip(columns, index.execute("SELECT * FROM run").fetchone()))
    for task in tasks:
        if task["hash"] == cell["hash"]:
            continue
        name = str(uuid.UUID(int=random.getrandbits(128), version=4))
        folder = lab / "runs" / name
        folder.mkdir()
        for file in ("run.yaml", "result.json"):
            (folder / file).write_bytes(files[file])
        copied = cell | {"uuid": name, "hash": task["hash"], "seed": task["seed"]}
        (folder / "cell.json").write_text(json.dumps(copied))
        row |= {"uuid": name, "cell_hash": task["hash"], "seed": task["seed"]}
        index.execute(f"INSERT INTO run VALUES ({','.join('?' * len(row))})", [row[c] for c in columns])
    index.commit()
    index.close()


def measure(program, folder, runs):
    lab, spec, small = folder / "lab", folder / "many.yaml", folder / "small.yaml"
    interactions(folder / "interactions.tsv")
    both, one = "[supervised, sqn]", "[supervised]"
    spec.write_text(SPEC.format(frameworks=one, seeds=[1]))
    small.write_text(SPEC.format(frameworks=one, seeds=[runs + 1]).replace("name: many", "name: small"))
    lealab(program, lab, "run", spec)
    spec.write_text(SPEC.format(frameworks=both, seeds=list(range(1, runs // 2 + 1))))
    copy_runs(lab, json.loads(lealab(program, lab, "plan", spec, "--json")[0])["tasks"])
    times = {}
    for _ in range(ROUNDS):
        text, seconds = lealab(program, lab, "plan", spec)
        if f"{runs} done, nothing to do" not in text:
            sys.exit(f"the plan is wrong: {text}")
        times.setdefault("one spec of all runs", []).append(seconds)
        text, seconds = lealab(program, lab, "plan", small)
        if "1 to do" not in text:
            sys.exit(f"the plan is wrong: {text}")
        times.setdefault("a small spec beside them", []).append(seconds)
        times.setdefault("limit", []).append(lealab(program, lab, "--version")[1])
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--bin", default="build/release/bin", help="folder of lealab")
    parser.add_argument("--runs", type=int, default=100_000, help="finished runs in the lab, at most 100000")
    options = parser.parse_args()
    kind = report.machine(options.bin)
    random.seed(1)
    with tempfile.TemporaryDirectory() as folder:
        times = measure(pathlib.Path(options.bin).resolve(), pathlib.Path(folder), options.runs)
    best = max(min(t) for t in times.values())
    rows = [[name, f"{min(t):.2f}", f"{max(t):.2f}", len(t)] for name, t in times.items()]
    verdict = "met" if best < BAR_SECONDS else "MISSED"
    text = f"""# `lealab plan` in a lab with {options.runs:,} finished runs

{report.provenance(kind)}. Wall time; the bar is {BAR_SECONDS:.0f} s: {verdict}.

{report.table(["", "best, s", "worst, s", "rounds"], rows)}
"""
    print(text)
    print("Written to", report.write("plan", kind, text))
    return 0 if best < BAR_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
