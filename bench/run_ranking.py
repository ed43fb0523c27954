#!/usr/bin/env python3
"""Times full-ranking evaluation: counting against sorting, top-k, NumPy and the scores' GEMM.

Needs numpy and torch 2.13 (the CPU build), and bench_ranking built with -DLEA_BENCH=ON:
    python3 bench/run_ranking.py --bin build/bench/bin
Writes bench/results/ranking-MACHINE.md. Exit status 1 when a bar is missed.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time

import numpy as np

import report

EVENTS, ITEMS, ROWS = 5000, 18000, 250


def numpy_ms(rounds=8):
    """Returns the CPU time of counting in NumPy for all events. It counts one chunk of 250 rows, so
    that temporaries stay small, and scales the time up."""
    draw = np.random.default_rng(1)
    scores = draw.standard_normal((ROWS, ITEMS), dtype=np.float32)
    target = draw.integers(0, ITEMS, ROWS)
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        own = scores[np.arange(ROWS), target][:, None]
        np.count_nonzero(scores > own, axis=1)
        np.count_nonzero(scores == own, axis=1)
        best = min(best, time.process_time() - start)
    return 1e3 * best * EVENTS / ROWS


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--bin", default="build/bench/bin", help="folder of bench_ranking")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    kind = report.machine(options.bin)
    os.environ["OMP_NUM_THREADS"] = "1"
    command = [str(pathlib.Path(options.bin, "bench_ranking").resolve())]
    command += ["--events", str(EVENTS), "--items", str(ITEMS)]
    best = {"NumPy counting": float("inf")}
    for _ in range(options.rounds):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"bench_ranking failed: {done.stdout.strip()} {done.stderr.strip()}")
        for name, value in json.loads(done.stdout)["ms"].items():
            best[name] = min(best.get(name, float("inf")), value)
        best["NumPy counting"] = min(best["NumPy counting"], numpy_ms())
    count, gemm = best["count"], best["gemm"]
    bars = {
        "argsort over counting (bar 100)": (best["argsort"] / count, best["argsort"] / count >= 100),
        "scoring and counting over its GEMM (bar 1.2)": (
            best["gemm and count"] / gemm,
            best["gemm and count"] / gemm <= 1.2,
        ),
    }
    rows = [[name, f"{ms:.1f}", f"{ms / count:.1f}"] for name, ms in sorted(best.items(), key=lambda p: p[1])]
    verdicts = [[name, f"{value:.2f}", "met" if met else "MISSED"] for name, (value, met) in bars.items()]
    text = f"""# Full ranking, {EVENTS:,} events over {ITEMS:,} items, one thread

{report.provenance(kind)}. CPU time in ms for all events, best of
{options.rounds} rounds. Counting gives rank and ties of every target; argsort and top-k run on one chunk of the same
scores and are scaled up; ranks by counting and by sorting were compared first.

{report.table(["", "ms", "counting = 1"], rows)}

{report.table(["ratio", "measured", ""], verdicts)}
"""
    print(text)
    print("Written to", report.write("ranking", kind, text))
    return 0 if all(met for _, met in bars.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
