#!/usr/bin/env python3
"""Times the window on a lab with 100,000 runs, and on a grid of 10,000 cells with eight live runs.

Needs bench_window built with -DLEA_BENCH=ON where Qt is:
    python3 bench/run_window.py --bin build/bench/bin [--runs 100000] [--lab DIR]
Writes bench/results/window-MACHINE.md. Exit status 1 when a bar is missed.

The lab has 18 results and 82 points of curves for each run, 10 million rows for 100,000 runs. --lab keeps it for another
call. The window is the real one, drawn into memory. A watchdog asks its event loop every millisecond whether it answers.

- "usable": from the start of the program until the first page of runs is on the screen.
- "a page of runs": from scrolling to a place until its rows are there, median of 50 places.
- "pivot": from the question until the matrix is there, with nothing kept from the one before, median of five.
- "longest block": of the event loop, while pages are opened, and runs are sorted by each column and filtered.
- "share of a core": of the window's process, while a grid of 10,000 cells works and the curves of a run are shown.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import report

ROUNDS = 3
# name in the output, title, unit, bar
BARS = [
    ("usable_ms", "usable", "ms", 1000),
    ("page_ms", "a page of runs", "ms", 20),
    ("pivot_wide_ms", "pivot over 30 % of the runs", "ms", 100),
    ("pivot_all_ms", "pivot over all runs", "ms", 300),
    ("block_at_start_ms", "longest block at the start", "ms", 100),
    ("longest_block_ms", "longest block", "ms", 100),
    ("peak_mib", "peak memory", "MiB", 300),
]
GRID_BARS = [
    ("share_percent", "share of a core, 10,000 cells", "%", 5),
    ("longest_block_ms", "longest block, 10,000 cells", "ms", 100),
    ("peak_mib", "peak memory, 10,000 cells", "MiB", 300),
]


def call(program, *arguments):
    command = [str(program), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed: {done.stderr.strip()}")
    return done.stdout


def rows_of(bars, rounds):
    """Returns the rows of a table, and whether all bars are met by the median round."""
    rows, met = [], True
    for name, title, unit, bar in bars:
        values = sorted(figures[name] for figures in rounds if name in figures)
        if not values:
            continue
        middle = values[len(values) // 2]
        met = met and middle < bar
        verdict = "met" if middle < bar else "MISSED"
        rows.append([title, f"{middle:.1f}", f"{values[0]:.1f}", f"{values[-1]:.1f}", unit, bar, verdict])
    return rows, met


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--bin", default="build/bench/bin", help="folder of bench_window")
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--lab", type=pathlib.Path, help="is filled where it is missing, and kept")
    parser.add_argument("--seconds", type=float, default=30, help="how long the grid is watched")
    options = parser.parse_args()
    program = pathlib.Path(options.bin, "bench_window").resolve()
    kind = report.machine(options.bin)
    with tempfile.TemporaryDirectory() as folder:
        lab = options.lab or pathlib.Path(folder, "lab")
        if not lab.exists():
            call(program, "make", "--lab", lab, "--runs", options.runs)
        call(program, "look", "--lab", lab, "--folder", folder)  # brings the file into memory
        looks = [json.loads(call(program, "look", "--lab", lab, "--folder", folder)) for _ in range(ROUNDS)]
        grid = json.loads(call(program, "grid", "--folder", folder, "--seconds", options.seconds))
    rows, met = rows_of(BARS, looks)
    grid_rows, grid_met = rows_of(GRID_BARS, [grid])
    header = ["", "median", "least", "most", "unit", "bar", ""]
    text = f"""# The window on {looks[0]["runs"]:,} runs

{report.provenance(kind)}. {ROUNDS} rounds on the runs, after one that brought the index into memory; one on the grid.

{report.table(header, rows + grid_rows)}
"""
    print(text)
    print("Written to", report.write("window", kind, text))
    return 0 if met and grid_met else 1


if __name__ == "__main__":
    sys.exit(main())
