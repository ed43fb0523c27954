#!/usr/bin/env python3
"""Imports 10 million interactions (1 million sequences, 20,000 items) and trains on them: time and peak memory.

Usage: bench/import/run.py PATH_TO_LEALAB [--events N] [--keep DIR]
Needs: python >= 3.9; pandas for the peer, if it is installed.

Prints one line for each of: the machine's limit (the same bytes read and hashed once), ours, and pandas
doing the same work (read, number, stable sort); with the ratio of ours to each. Then 60 steps of SNQN with
four validations of 100,000 events and their checkpoints, whose peak is counted above that of a worker that
only loads LibTorch and one plugin. Exit code 1 when either peak is above 500 MB, the project's own target.
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

LIMIT_MB = 500

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
    """Rows of one sequence are scattered within a window, as in a log; items follow a power law."""
    sequences, items = max(1, events // 10), 20_000
    draw = random.Random(1)
    popular = [min(items - 1, int(draw.paretovariate(0.7)) - 1) for _ in range(1 << 20)]
    with open(path, "w") as file:
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
    """Seconds and peak resident megabytes of a child process."""
    start = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.PIPE)
    output = child.stdout.read().decode()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{command[0]} failed with exit code {child.returncode}: {output}")
    return time.monotonic() - start, usage.ru_maxrss / 1024, output


def read_and_hash(path):
    start = time.monotonic()
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return time.monotonic() - start


def train(lealab, lab, folder):
    """Seconds in the worker, and peak megabytes above LibTorch's own footprint."""
    spec = folder / "big.yaml"
    spec.write_text(TRAINING)
    measure([lealab, "--lab", lab, "run", str(spec)])
    result = json.loads(next(pathlib.Path(lab, "runs").glob("*/result.json")).read_text())
    program = pathlib.Path(lealab).resolve().parent
    plugin = program.parent / "plugins" / "popularity.so"
    _, footprint, _ = measure([str(program / "lealab-worker"), "probe", str(plugin)])
    return result["wall_seconds"], result["peak_memory_bytes"] / 2**20 - footprint, footprint


def have_pandas():
    return subprocess.run([sys.executable, "-c", "import pandas"], stderr=subprocess.DEVNULL).returncode == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("lealab")
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--keep", help="work in this folder and leave the files there")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(arguments.keep or temporary)
        folder.mkdir(parents=True, exist_ok=True)
        source = folder / f"interactions-{arguments.events}.tsv"
        if not source.exists():
            generate(source, arguments.events)
        size = source.stat().st_size / 2**20
        limit = read_and_hash(source)
        print(f"limit   {limit:7.2f} s            read and hash {size:.0f} MB once")
        lab = tempfile.mkdtemp(dir=folder)
        ours, ours_mb, output = measure([arguments.lealab, "--lab", lab, "data", "import", "big", str(source)])
        print(f"ours    {ours:7.2f} s {ours_mb:7.0f} MB  {ours / limit:.1f} x the limit; {output.splitlines()[0]}")
        if have_pandas():
            peer, peer_mb, _ = measure([sys.executable, "-c", PEER, str(source)])
            print(f"pandas  {peer:7.2f} s {peer_mb:7.0f} MB  ours takes {ours / peer:.2f} x its time and "
                  f"{ours_mb / peer_mb:.2f} x its memory")
        else:
            print("pandas  not installed for this Python: no peer")
        seconds, train_mb, footprint = train(arguments.lealab, lab, folder)
        print(f"train   {seconds:7.2f} s {train_mb:7.0f} MB above the {footprint:.0f} MB of LibTorch and a plugin")
    if ours_mb > LIMIT_MB:
        sys.exit(f"the import's peak of {ours_mb:.0f} MB is above {LIMIT_MB} MB")
    if train_mb > LIMIT_MB:
        sys.exit(f"the training's peak of {train_mb:.0f} MB above LibTorch's own is above {LIMIT_MB} MB")


if __name__ == "__main__":
    main()
