#!/usr/bin/env python3
"""Times full-ranking evaluation: counting against sorting, top-k, NumPy and the product that gives the scores.

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

EVENTS, ROWS = 5000, 250


def numpy_ms(items, rounds=8):
    """Returns the CPU time of counting in NumPy for all events. It counts one chunk of 250 rows, so
    that temporaries stay small, and scales the time up."""
    draw = np.random.default_rng(1)
    scores = draw.standard_normal((ROWS, items), dtype=np.float32)
    target = draw.integers(0, items, ROWS)
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        own = scores[np.arange(ROWS), target][:, None]
        np.count_nonzero(scores > own, axis=1)
        np.count_nonzero(scores == own, axis=1)
        best = min(best, time.process_time() - start)
    return 1e3 * best * EVENTS / ROWS


def measure(program, items, rounds):
    """Returns the table of one number of items, its bars and whether they are met."""
    command = [program, "--events", str(EVENTS), "--items", str(items)]
    best = {"NumPy counting": float("inf")}
    for _ in range(rounds):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"bench_ranking failed: {done.stdout.strip()} {done.stderr.strip()}")
        for name, value in json.loads(done.stdout)["ms"].items():
            best[name] = min(best.get(name, float("inf")), value)
        best["NumPy counting"] = min(best["NumPy counting"], numpy_ms(items))
    count = best["count"]
    product = min(ms for name, ms in best.items() if name.startswith("product, "))
    ratios = {
        "argsort over counting (at least 100)": (best["argsort"] / count, best["argsort"] / count >= 100),
        "scoring and counting over the best product (at most 1.3)": (
            best["product and count"] / product,
            best["product and count"] / product <= 1.3,
        ),
    }
    rows = [[name, f"{ms:.1f}", f"{ms / count:.1f}"] for name, ms in sorted(best.items(), key=lambda p: p[1])]
    verdicts = [[name, f"{value:.2f}", "met" if met else "MISSED"] for name, (value, met) in ratios.items()]
    text = f"""## {items:,} items

{report.table(["", "ms", "counting = 1"], rows)}

{report.table(["ratio", "measured", ""], verdicts)}
"""
    return text, all(met for _, met in ratios.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--bin", default="build/bench/bin", help="folder of bench_ranking")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--items", type=int, nargs="+", default=[18000, 100000])
    options = parser.parse_args()
    kind = report.machine(options.bin)
    os.environ["OMP_NUM_THREADS"] = "1"
    program = str(pathlib.Path(options.bin, "bench_ranking").resolve())
    measured = [measure(program, items, options.rounds) for items in options.items]
    tables = "\n".join(text for text, _ in measured)
    text = f"""# Full ranking of {EVENTS:,} events, one thread

{report.provenance(kind)}. CPU time in ms for all events, best of
{options.rounds} rounds. Counting gives rank and ties of every target; argsort and top-k run on one chunk of the same
scores and are scaled up; ranks by counting and by sorting were compared first.

{tables}"""
    print(text)
    print("Written to", report.write("ranking", kind, text))
    return 0 if all(met for _, met in measured) else 1


if __name__ == "__main__":
    sys.exit(main())
