#!/usr/bin/env python3
"""Imports 10 million interactions (1 million sequences, 20,000 items) and trains on them: time and memory.

Needs a built lealab; pandas for the peer, if it is installed:
    python3 bench/run_import.py --bin build/release/bin
Writes bench/results/import-MACHINE.md. Exit status 1 when a peak is above 500 MB, the bar.

The limit is the same bytes read and hashed once; the peer is pandas at the same work (read, number, stable
sort). Then 60 steps of SNQN with validations of 100,000 events and their checkpoints, whose peak is counted
above that of a worker that only loads LibTorch and one plugin.
"""

import argparse
import hashlib
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

import report

LIMIT_MB = 500
EVENTS = 10_000_000

TRAINING = """
name: big
data: {name: big}
split: {by: sequence, ratios: [0.98, 0.01, 0.01]}
train: {max_steps: 60, validate_every: 15}    # of the evaluated network: every 30 steps of the twins
backbone: gru4rec
framework: snqn
reward: predefined
negatives: {count: 10}
seeds: [1]
"""

PEER = """
import sys, pandas as pd
frame = pd.read_csv(sys.argv[1], sep="\\t", dtype={"user_id": str, "item_id": str, "timestamp": float})
frame["sequence"] = pd.factorize(frame.user_id)[0]
frame["item"] = pd.factorize(frame.item_id)[0]
frame = frame.sort_values(["sequence", "timestamp"], kind="stable")
print(len(frame))
"""


def generate(path, events):
    """Writes random interactions to a file. The rows of a sequence are scattered within a window,
    as in a log. Items follow a power law."""
    sequences, items = max(1, events // 10), 20_000
    draw = random.Random(1)
    popular = [min(items - 1, int(draw.paretovariate(0.7)) - 1) for _ in range(1 << 20)]
    with open(path, "w", encoding="ascii") as file:
        file.write("user_id\titem_id\ttimestamp\n")
        rows = []
        for event in range(events):
            sequence = min(sequences - 1, event // 10 + int(draw.random() * 50))
            item = popular[event % (1 << 20)] if draw.random() < 0.8 else int(draw.random() * items)
            rows.append(f"user{sequence:07d}\titem{item:05d}\t{1_600_000_000 + event // 3}\n")
            if len(rows) == 100_000:
                file.writelines(rows)
                rows.clear()
        file.writelines(rows)


def measure(command):
    """Returns the wall seconds, CPU seconds and peak resident megabytes of a child process."""
    start = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{command[0]} failed with exit code {child.returncode}: {output}")
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def read_and_hash(path):
    wall, cpu = time.monotonic(), time.process_time()
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return time.monotonic() - wall, time.process_time() - cpu


def train(program, lab, folder):
    """Returns the wall seconds of the run, its peak in megabytes above LibTorch's own footprint,
    and that footprint."""
    spec = folder / "big.yaml"
    spec.write_text(TRAINING)
    measure([str(program / "lealab"), "--lab", lab, "run", str(spec)])
    result = json.loads(next(pathlib.Path(lab, "runs").glob("*/result.json")).read_text())
    plugin = program.parent / "plugins" / "popularity.so"
    footprint = measure([str(program / "lealab-worker"), "probe", str(plugin)])[2]
    return result["wall_seconds"], result["peak_memory_bytes"] / 2**20 - footprint, footprint


def have_pandas():
    return subprocess.run([sys.executable, "-c", "import pandas"], stderr=subprocess.DEVNULL).returncode == 0


def measure_all(program, folder, events):
    source = folder / "interactions.tsv"
    generate(source, events)
    limit = read_and_hash(source)
    lab = str(folder / "lab")
    ours = measure([str(program / "lealab"), "--lab", lab, "data", "import", "big", str(source)])
    peer = measure([sys.executable, "-c", PEER, str(source)]) if have_pandas() else None

    def row(name, times, peak):
        return [name, f"{times[0]:.1f}", f"{times[1]:.1f}", peak, f"{ours[1] / times[1]:.2f}"]

    rows = [row(f"limit: {source.stat().st_size / 1e6:.0f} MB read and hashed once", limit, "")]
    rows += [row("lealab data import", ours, f"{ours[2]:.0f}")]
    rows += [row("pandas", peer, f"{peer[2]:.0f}")] if peer else [["pandas is not installed: no peer", "", "", "", ""]]
    return rows, ours[2], train(program, lab, folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--bin", default="build/release/bin", help="folder of lealab")
    parser.add_argument("--events", type=int, default=EVENTS, help="fewer are a trial and not written down")
    options = parser.parse_args()
    kind = report.machine(options.bin)
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(options.bin).resolve()
        rows, import_mb, (seconds, train_mb, footprint) = measure_all(program, pathlib.Path(folder), options.events)
    peaks = {"import": import_mb, "training, above LibTorch's own": train_mb}
    verdicts = [[name, f"{mb:.0f}", "met" if mb <= LIMIT_MB else "MISSED"] for name, mb in peaks.items()]
    header = ["", "wall, s", "CPU, s", "peak, MB", "CPU time of ours over it"]
    text = f"""# {options.events:,} interactions: import and training

{report.provenance(kind)}. One call each.

{report.table(header, rows)}

60 steps of SNQN, with validation and checkpoints, took {seconds:.0f} s. LibTorch and one plugin alone take {footprint:.0f} MB.

{report.table(["peak", "MB", f"bar {LIMIT_MB} MB"], verdicts)}
"""
    print(text)
    if options.events == EVENTS:
        print("Written to", report.write("import", kind, text))
    return 0 if max(peaks.values()) <= LIMIT_MB else 1


if __name__ == "__main__":
    sys.exit(main())
