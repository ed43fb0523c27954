#!/usr/bin/env python3
"""Times the way from `lealab run` to the first training step.

Needs a built lealab; torch and pandas for the peer, if they are installed:
    python3 bench/run_startup.py --bin build/release/bin --data ../shared/data/industry
The data folder holds interactions.tsv (or .tsv.gz) and split.tsv. Writes bench/results/startup-MACHINE.md.
Exit status 1 when the best of five rounds misses the bar.

The limit is a worker that only loads LibTorch and one plugin; the peer is a Python process that imports PyTorch
and pandas, reads the same interactions and takes one SNQN step. "First look" is a first start ever, with no
plugin probed yet: what `tools/build` spares its users.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import report

BAR_SECONDS = 3.0
ROUNDS = 5

SPEC = """
name: startup
data: {{name: startup, path: {data}, format: tsv}}
split: {{by: file, path: {data}/split.tsv}}
train: {{max_steps: 200, validate_every: 200, log_every: 1}}
backbone: gru4rec
framework: snqn
reward: predefined
seeds: [1]
"""

PEER = """
import glob, sys
import pandas, torch
from peers import careful_form
from peers.network import Batch
torch.set_num_threads(1)
frame = pandas.read_csv(glob.glob(sys.argv[1] + "/interactions.tsv*")[0], sep="\\t")
items = frame["item_id"].nunique()
careful_form.Step("snqn", "gru4rec", items)(Batch(items, 100, 1)).item()
"""


def wall(command, **how):
    start = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False, **how)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command[:2])} failed: {done.stdout.strip()} {done.stderr.strip()}")
    return time.monotonic() - start


def first_step(program, spec, data, lab, environment):
    """Returns the seconds from the start of `lealab run` to the record of the first training step.
    The data is imported before."""
    wall([f"{program}/lealab", "--lab", lab, "data", "import", "startup", "--format", "tsv", data])
    start = time.monotonic()
    with open(f"{lab}.log", "w+", encoding="utf-8") as log:
        run = subprocess.Popen(
            [f"{program}/lealab", "--lab", lab, "run", str(spec)], stdout=log, stderr=log, env=environment
        )
        while not any('"type":"train"' in p.read_text() for p in pathlib.Path(lab).glob("runs/*/events.jsonl")):
            if run.poll() is not None:
                sys.exit(f"lealab run ended before its first step: {pathlib.Path(log.name).read_text()}")
            time.sleep(0.005)
        seconds = time.monotonic() - start
        run.terminate()
        run.wait()
    return seconds


def have_peer():
    return subprocess.run([sys.executable, "-c", "import pandas, torch"], stderr=subprocess.DEVNULL).returncode == 0


def measure(program, data, folder):
    """Returns a list of seconds, one for each round, for each name."""
    spec = folder / "startup.yaml"
    spec.write_text(SPEC.format(data=data))
    load = [f"{program}/lealab-worker", "probe", f"{program.parent}/plugins/gru4rec.so"]
    fresh = os.environ | {"XDG_CACHE_HOME": str(folder / "cache")}
    times = {"first look": [first_step(program, spec, data, str(folder / "fresh"), fresh)]}
    with_peer = have_peer()
    for round_ in range(ROUNDS):
        # The programs take turns, so that a busy moment of the machine affects more than one.
        lab = str(folder / f"lab-{round_}")
        times.setdefault("lealab run", []).append(first_step(program, spec, data, lab, os.environ))
        times.setdefault("limit", []).append(wall(load))
        if with_peer:
            peer = wall([sys.executable, "-c", PEER, data], cwd=report.ROOT / "bench")
            times.setdefault("PyTorch and pandas", []).append(peer)
    return times


def main():
    shared = os.environ.get("LEALAB_TEST_DATA", "../shared/data")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--bin", default="build/release/bin", help="folder of lealab")
    parser.add_argument("--data", default=f"{shared}/industry", help="folder of the interactions")
    options = parser.parse_args()
    kind = report.machine(options.bin)
    data = pathlib.Path(options.data).resolve()
    if not (data / "split.tsv").exists():
        sys.exit(f"{data} holds no split.tsv: name the folder of the interactions with --data")
    with tempfile.TemporaryDirectory() as folder:
        times = measure(pathlib.Path(options.bin).resolve(), str(data), pathlib.Path(folder))
    best = min(times["lealab run"])
    rows = [
        [name, f"{min(t):.2f}", f"{max(t):.2f}", len(t), f"{best / min(t):.2f}"]
        for name, t in sorted(times.items(), key=lambda pair: min(pair[1]))
    ]
    verdict = "met" if best < BAR_SECONDS else "MISSED"
    text = f"""# From `lealab run` to the first training step, on {data.name}

{report.provenance(kind)}. Wall time; the bar is {BAR_SECONDS:.0f} s: {verdict}.

{report.table(["", "best, s", "worst, s", "rounds", "ours over it"], rows)}
"""
    print(text)
    print("Written to", report.write("startup", kind, text))
    return 0 if best < BAR_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
