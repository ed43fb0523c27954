#!/usr/bin/env python3
"""Times `lealab plan` in a lab with many finished runs, and for many runs that share artefacts.

Needs a built lealab with its plugins:
    python3 bench/run_plan.py --bin build/release/bin [--runs 100000]
Writes bench/results/plan-MACHINE.md. Exit status 1 when the best of five rounds misses the bar.

The first lab is filled from one real run: each further run is a copy of its folder and of its row in the index with
another uuid. Two specs are planned there. "One spec of all runs" plans two frameworks with half as many seeds each, and
all of its runs are done. "A small spec beside them" plans one run that the lab lacks.

The second lab has the data alone, and a spec of 10,000 runs: item vectors of five widths and ten seeds, each the reward
of 200 runs. It is planned before any of the 50 artefacts is made, and after. "First look" is the very first plan, which
measures the pace of the machine and counts the work of each artefact; both are remembered.

The limit is `lealab --version`, which only starts the program. All programs take turns.
"""

import argparse
import json
import os
import pathlib
import random
import resource
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

WIDTHS, VECTOR_SEEDS = [16, 32, 48, 64, 96], list(range(1, 11))
SHARING = """
name: sharing
data: {{name: toy, path: interactions.tsv}}
train: {{max_steps: 1, validate_every: 1, batch_size: 8}}
backbone: gru4rec
framework: snqn
environments: {{near: {{item_vectors: {{epochs: 1}}}}}}
reward: near
grid: {{environments.near.width: {widths}, environments.near.seed: {vector_seeds}}}
seeds: {seeds}
"""


def interactions(path):
    rows = ["user_id\titem_id\ttimestamp"]
    rows += [f"u{u}\ti{random.randrange(40)}\t{t}" for u in range(60) for t in range(8)]
    path.write_text("\n".join(rows) + "\n")


def processor_seconds():
    """Of the ended children of this process and of theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def lealab(program, lab, *arguments):
    """Returns what it prints, and its seconds: (wall time, processor time)."""
    start, spent = time.monotonic(), processor_seconds()
    command = [f"{program}/lealab", "--lab", str(lab), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed: {done.stderr.strip()}")
    return done.stdout, (time.monotonic() - start, processor_seconds() - spent)


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


def planned(program, lab, spec, expected):
    """The seconds of a plan that says what is expected of it."""
    text, seconds = lealab(program, lab, "plan", spec)
    if expected not in text:
        sys.exit(f"the plan is wrong: {text}")
    return seconds


def finished_runs(program, folder, runs):
    """Returns by name what plans one spec of all runs, and a small spec beside them."""
    lab, spec, small = folder / "lab", folder / "many.yaml", folder / "small.yaml"
    both, one = "[supervised, sqn]", "[supervised]"
    spec.write_text(SPEC.format(frameworks=one, seeds=[1]))
    small.write_text(SPEC.format(frameworks=one, seeds=[runs + 1]).replace("name: many", "name: small"))
    lealab(program, lab, "run", spec)
    spec.write_text(SPEC.format(frameworks=both, seeds=list(range(1, runs // 2 + 1))))
    copy_runs(lab, json.loads(lealab(program, lab, "plan", spec, "--json")[0])["tasks"])
    return {
        f"one spec of {runs:,} finished runs": lambda: planned(program, lab, spec, f"{runs} done, nothing to do"),
        "a small spec beside them": lambda: planned(program, lab, small, "1 to do"),
    }


def shared_artefacts(program, folder):
    """Returns by name what plans 10,000 runs that share 50 artefacts, and the seconds of its first plan."""
    lab, made, spec = folder / "sharing", folder / "made", folder / "sharing.yaml"
    count = len(WIDTHS) * len(VECTOR_SEEDS)
    axes = {"widths": WIDTHS, "vector_seeds": VECTOR_SEEDS}
    for place in (lab, made):
        lealab(program, place, "data", "import", "toy", folder / "interactions.tsv")
    spec.write_text(SHARING.format(seeds=[1], **axes))
    lealab(program, made, "run", spec)  # makes the artefacts, and one run with each
    spec.write_text(SHARING.format(seeds=list(range(1, 201)), **axes))
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
    first = planned(program, lab, spec, f"{count} to make, for {200 * count} runs")
    return first, {
        f"{200 * count:,} runs that share {count} artefacts to make": lambda: planned(
            program, lab, spec, f"{count} to make, for {200 * count} runs"
        ),
        "the same, all artefacts made": lambda: planned(program, made, spec, f"{count} done ("),
    }


def measure(program, folder, runs):
    """Returns (wall, processor) seconds, a list for each name, and those of a first look."""
    interactions(folder / "interactions.tsv")
    first, plans = shared_artefacts(program, folder)
    plans |= finished_runs(program, folder, runs)
    plans["limit"] = lambda: lealab(program, folder / "sharing", "--version")[1]
    times = {name: [] for name in plans}
    for _ in range(ROUNDS):
        for name, plan in plans.items():
            times[name].append(plan())
    return times, first


def row_of(name, seconds):
    best, worst = min(seconds), max(seconds)
    return [name, f"{best[0]:.2f}", f"{worst[0]:.2f}", f"{best[1]:.2f}", len(seconds)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--bin", default="build/release/bin", help="folder of lealab")
    parser.add_argument("--runs", type=int, default=100_000, help="finished runs in the lab, at most 100000")
    options = parser.parse_args()
    kind = report.machine(options.bin)
    random.seed(1)
    with tempfile.TemporaryDirectory() as folder:
        times, first = measure(pathlib.Path(options.bin).resolve(), pathlib.Path(folder), options.runs)
    best = max(min(wall for wall, _ in t) for t in times.values())
    rows = [row_of(name, t) for name, t in times.items()] + [row_of("first look at shared artefacts", [first])]
    verdict = "met" if best < BAR_SECONDS else "MISSED"
    text = f"""# `lealab plan` of many runs

{report.provenance(kind)}. The bar is {BAR_SECONDS:.0f} s of wall time in the best round, without the first look: {verdict}.

{report.table(["", "best, s", "worst, s", "processor time of the best, s", "rounds"], rows)}
"""
    print(text)
    print("Written to", report.write("plan", kind, text))
    return 0 if best < BAR_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
