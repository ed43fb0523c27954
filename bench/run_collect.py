#!/usr/bin/env python3
"""Times collecting a lab with many finished runs, and showing them.

Needs a built lealab with its plugins:
    python3 bench/run_collect.py --bin build/release/bin [--runs 100000]
Writes bench/results/collect-MACHINE.md. Exit status 1 when the best round of `db rebuild` misses the bar.

The lab is filled from one real run: each further run is a copy of its folder with another uuid, so all of them pass
every check. "db rebuild" empties the index and reads, verifies and stores every run. "ls of a lab without an index" does
the same for a command that reads. "ls of an unchanged lab" and "table" look only for changes.

The limit is reading each file of every run once, by one thread of Python. All programs take turns.
"""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time
import uuid

import report

BAR_SECONDS_OF_A_THOUSAND = 5.0
ROUNDS = 3

SPEC = """
name: many
data: {name: toy, path: interactions.tsv}
train: {max_steps: 200, validate_every: 50, log_every: 10, batch_size: 8}
backbone: gru4rec
framework: supervised
seeds: [1]
"""


def interactions(path):
    rows = ["user_id\titem_id\ttimestamp"]
    rows += [f"u{u}\ti{random.randrange(40)}\t{t}" for u in range(60) for t in range(8)]
    path.write_text("\n".join(rows) + "\n")


class Lab:
    def __init__(self, program, folder, runs):
        self.program, self.folder, self.runs = program, folder / "lab", runs
        interactions(folder / "interactions.tsv")
        spec = folder / "many.yaml"
        spec.write_text(SPEC)
        self.call("run", spec)
        first = next((self.folder / "runs").iterdir())
        files = {file.name: file.read_bytes() for file in first.iterdir() if file.is_file()}
        cell = json.loads(files["cell.json"])
        for _ in range(runs - 1):
            name = str(uuid.UUID(int=random.getrandbits(128), version=4))
            run = self.folder / "runs" / name
            run.mkdir()
            for file, content in files.items():
                (run / file).write_bytes(content)
            (run / "cell.json").write_text(json.dumps(cell | {"uuid": name}))

    def call(self, *arguments):
        """Returns the seconds that `lealab` takes."""
        start = time.monotonic()
        command = [f"{self.program}/lealab", "--lab", str(self.folder), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)} failed: {done.stderr.strip()[:1000]}")
        return time.monotonic() - start

    def call_without_an_index(self, *arguments):
        for file in self.folder.glob("results.sqlite*"):
            file.unlink()
        return self.call(*arguments)

    def read_all(self):
        start = time.monotonic()
        for run in (self.folder / "runs").iterdir():
            for file in run.iterdir():
                if file.is_file():
                    file.read_bytes()
        return time.monotonic() - start


def measure(lab):
    ways = {
        "db rebuild": lambda: lab.call("db", "rebuild"),
        "ls of a lab without an index": lambda: lab.call_without_an_index("ls", "--json"),
        "ls of an unchanged lab": lambda: lab.call("ls", "--json"),
        "table": lambda: lab.call("table", "many", "--format", "json"),
        "limit": lab.read_all,
    }
    times = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            times[name].append(way())
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--bin", default="build/release/bin", help="folder of lealab")
    parser.add_argument("--runs", type=int, default=100_000, help="finished runs in the lab")
    options = parser.parse_args()
    kind = report.machine(options.bin)
    random.seed(1)
    with tempfile.TemporaryDirectory() as folder:
        times = measure(Lab(pathlib.Path(options.bin).resolve(), pathlib.Path(folder), options.runs))
    limit = min(times["limit"])
    rows = [
        [name, f"{min(t):.2f}", f"{max(t):.2f}", f"{1000 * min(t) / options.runs:.2f}", f"{min(t) / limit:.1f}"]
        for name, t in times.items()
    ]
    bar = BAR_SECONDS_OF_A_THOUSAND * options.runs / 1000
    met = min(times["db rebuild"]) < bar
    text = f"""# Collecting {options.runs:,} runs

{report.provenance(kind)}. The bar of `db rebuild` is {BAR_SECONDS_OF_A_THOUSAND:.0f} s of wall time for a thousand runs
in the best of {ROUNDS} rounds: {"met" if met else "MISSED"}.

{report.table(["", "best, s", "worst, s", "best of a run, ms", "times the limit"], rows)}
"""
    print(text)
    print("Written to", report.write("collect", kind, text))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
