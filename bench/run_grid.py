#!/usr/bin/env python3
"""Says where the seconds of a whole grid go, and how many a build saves against another one.

Needs a built lealab, and the build before as the second --bin:
    python3 bench/run_grid.py --bin build/release/bin ../before/build/release/bin --spec experiments/demo.yaml --lab lab
The data sets of the specs are read from the lab after --lab; each grid runs in an empty lab. The parts are read from the logs that grids and workers write:

start       from the grid's decision to start a run until the worker begins to train: process, LibTorch, plugins, data
training    steps, without the two below
validation  ranking of the validation events during training
saving      checkpoints
test        ranking of the validation and test events by the best network, and their files
end         from there until the grid has noted the end
idle        the cores had no run: at the end of a grid, when fewer runs than cores are left
collecting  from the last end until `lealab run` has printed its table; and before the first start, planning

Seconds of all runs are added up, so they are core seconds; the last column is what a user waits for. Writes
bench/results/grid-MACHINE.md.
"""

import argparse
import collections
import datetime
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import report

PARTS = ["planning", "start", "training", "validation", "saving", "test", "end", "idle", "collecting"]
LINE = re.compile(r"(\S+Z) \S+ +(\w+): (.*)")


def read_log(path):
    """The lines of a log as (seconds since 1970, component, text)."""
    for line in path.read_text(errors="replace").splitlines():
        if found := LINE.match(line):
            at = datetime.datetime.fromisoformat(found[1].replace("Z", "+00:00")).timestamp()
            yield at, found[2], found[3]


def parts_of_run(folder, started, ended):
    """The seconds of a run by part, from what its one attempt logged."""
    parts = collections.Counter()
    training = None
    for at, _, text in read_log(folder / "log.txt"):
        if text == "begin of train":
            training = at
        elif text.startswith("validation at step"):
            parts["validation"] += float(re.search(r" in ([\d.]+) s", text)[1])
        elif text.startswith("checkpoint of step"):
            parts["saving"] += float(re.search(r" in ([\d.]+) s", text)[1])
        elif text.startswith("end of train"):
            parts["training"] = at - training - parts["validation"] - parts["saving"]
            parts["start"] = training - started
            trained = at
        elif text.startswith("finished after"):
            finished = at
    if training is None:  # a training-free row: all that it does is ranking
        ranked = [at for at, _, text in read_log(folder / "log.txt") if text.startswith("end of fit")]
        parts["start"], trained = ranked[-1] - started, ranked[-1]
    parts["test"], parts["end"] = finished - trained, ended - finished
    return parts


def run_grid(programs, spec, data, settings, workers, keep):
    """Runs the grid in an empty lab, which stays when `keep` names it. Returns its parts, the seconds from the call until
    the table is printed, and the steps of all runs."""
    with tempfile.TemporaryDirectory(prefix="lealab-bench-") as folder:
        lab = keep or pathlib.Path(folder, "lab")
        lab.mkdir(parents=True)
        (lab / "data").symlink_to(data.resolve())
        command = [f"{programs}/lealab", "--lab", str(lab), "run", str(spec), "--jobs", str(workers), *settings]
        began = time.time()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        over = time.time()
        if done.returncode != 0:
            sys.exit(f"lealab run {spec} failed: {done.stderr.strip()[-2000:]}")
        (grid,) = (path for path in (lab / "grids").iterdir() if path.is_dir())
        times = collections.defaultdict(dict)
        for at, component, text in read_log(grid / "log.txt"):
            found = re.fullmatch(r"(started|finished) .*\(([0-9a-f-]{36})\)", text)
            if component == "grid" and found:
                times[found[2]][found[1]] = at
        parts = collections.Counter()
        for uuid, ends in times.items():
            parts.update(parts_of_run(lab / "runs" / uuid, ends["started"], ends["finished"]))
        first = min(ends["started"] for ends in times.values())
        last = max(ends["finished"] for ends in times.values())
        busy = sum(ends["finished"] - ends["started"] for ends in times.values())
        parts["idle"] = workers * (last - first) - busy
        parts["planning"], parts["collecting"] = first - began, over - last
        steps = sum(json.loads((lab / "runs" / uuid / "result.json").read_text())["steps"] for uuid in times)
        return parts, over - began, steps


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--bin", nargs="+", default=["build/release/bin"], help="folders of programs")
    parser.add_argument("--names", nargs="+", default=["this build", "before"], help="what the table calls them")
    parser.add_argument("--spec", action="append", required=True, help="an experiment without a language model")
    parser.add_argument("--lab", default="lab", help="a lab with the specs' data sets")
    parser.add_argument("--keep", help="a folder where the labs of the grids stay")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--set", action="append", default=[], help="as of `lealab run`")
    options = parser.parse_args()
    settings = [part for value in options.set for part in ("--set", value)]
    rows, seconds = [], {}
    for spec in options.spec:
        for name, programs in zip(options.names, options.bin):
            keep = options.keep and pathlib.Path(options.keep, f"{pathlib.Path(spec).stem}-{name.replace(' ', '-')}")
            data = pathlib.Path(options.lab, "data")
            parts, waited, steps = run_grid(programs, spec, data, settings, options.jobs, keep)
            seconds.setdefault(spec, []).append(waited)
            rows.append([pathlib.Path(spec).stem, name, f"{steps:,}", *(f"{parts[part]:.1f}" for part in PARTS),
                         f"{waited:.1f}", f"{seconds[spec][-1] / seconds[spec][0]:.2f}"])
            print(report.table(["grid", "build", "steps", *PARTS, "wall", "ratio"], rows[-1:]))
    kind = report.machine(options.bin[0])
    head = (f"# Where the seconds of a grid go\n\n{report.provenance(kind)}\n\nCore seconds of all runs by part, with "
            f"{options.jobs} runs at a time; `wall` is what a user waits for, and `ratio` is that to the first build.\n\n")
    text = head + report.table(["grid", "build", "steps", *PARTS, "wall", "ratio"], rows) + "\n"
    print(f"written to {report.write('grid', kind, text)}")


if __name__ == "__main__":
    main()
