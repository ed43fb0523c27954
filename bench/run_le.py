#!/usr/bin/env python3
"""Times the build of the language-model environment on Industry, stage by stage, beside transformers and PEFT.

Needs torch 2.13 (the CPU build), transformers 5.23, peft 0.21, safetensors and numpy for this Python, lealab with its
plugins and bench_lm, both built with -DLEA_BENCH=ON, and the model of tools/fetch_model smollm2-135m:
    python3 bench/run_le.py --bin build/bench/bin --data ../shared/data/industry
The data folder holds interactions.tsv.gz, items.tsv.gz and split.tsv. Writes bench/results/le-MACHINE.md.

The environment has the settings of the preset le_fast: hoisted prompts, item tokens in closed form, 150 steps, a state for
each place and the rewards of the logged item and two sampled ones for each training event. Each stage is a `lealab work` of
its own, with one thread, because two threads are slower than one in operations as small as these. After the adapter two
stages are made at a time (--jobs), as `lealab run --jobs 2` does. The arithmetic of a stage is what the plugin counts for the
plan: twice the multiplications of the language model, no padding, no recomputing, and for the adapter a pass forwards and one
backwards for each step, and the validations.

The peer (bench/le/peer.py) makes the same from one padded prompt for each history, and for each history and candidate, on a
sample in the same run: some steps of the adapter, and the states and rewards of events that lie evenly in the data. Its
states and rewards are compared with ours first.

Exit status 1 when a bar is missed: the whole build takes at most ten minutes, the peer at least five times as long as ours for
the same stages, and the plan's estimates are within 30 % of the processor time, of each stage that takes ten seconds or more
and of all together.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy
import torch
from safetensors.torch import load_file

import report
import run_lm
from le import peer

STEPS = 150  # of le_fast
FIRST = ("tokens", "adapter")  # one needs the other, and the rest needs both
LEAST_CORRELATION = 0.99
MOST_SECONDS, LEAST_RATIO, MOST_OFF = 600, 5, 0.3  # the bars
LEAST_SECONDS = 10  # a shorter stage is mostly the start of a program

SPEC = """
name: build_le
extends: [le_products, le_fast]
data: {{name: real, path: {data}, format: tsv}}
split: {{by: file, path: {data}/split.tsv}}
train: {{batch_size: 100, max_steps: 1, validate_every: 1}}
negatives: {{count: 1, from: pool, pool: 2}}
evaluate: {{test: false}}
environments: {{le: {{le: {{model: {model}, dtype: {dtype}}}}}}}
backbone: sasrec
framework: snqn
reward: le
state: {{of: le, project: 64}}
seeds: [1]
"""


def lealab(program, lab, *arguments):
    command = [f"{program}/lealab", "--lab", str(lab), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed: {done.stdout.strip()} {done.stderr.strip()}")
    return done.stdout


def only_tensor(path):
    (tensor,) = load_file(path).values()
    return tensor


class Build:
    """A lab in which the stages are made one by one."""

    def __init__(self, program, folder, options):
        self.program, self.lab, self.folder = program, options.lab or folder / "lab", folder
        # The counts of the work, and the pace, are measured anew.
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
        self.spec = folder / "build_le.yaml"
        settings = {name: getattr(options, name) for name in ("data", "model", "dtype")}
        self.spec.write_text(SPEC.format(**settings))
        lealab(program, self.lab, "data", "import", "real", "--format", "tsv", options.data)
        planned = json.loads(lealab(program, self.lab, "plan", self.spec, "--json"))["artefacts"]
        self.stages = [artefact["name"].split(" ")[0] for artefact in planned]
        self.keys = {stage: artefact["key"] for stage, artefact in zip(self.stages, planned)}
        made = [stage for stage, key in self.keys.items() if (self.lab / "artefacts" / key / "files").exists()]
        if made:
            sys.exit(f"{self.lab} holds {', '.join(made)} of this environment: name an empty folder with --lab")
        self.estimate = {stage: artefact["seconds"] for stage, artefact in zip(self.stages, planned)}
        lealab(program, self.lab, "tasks", self.spec)

    def flops(self, stage):
        """Twice the multiplications that the plan counted: the cache of this run holds one count of each artefact."""
        for file in (self.folder / "cache" / "lealab" / "counts").glob("*.json"):
            counted = json.loads(file.read_text())
            if counted["key"] == self.keys[stage]:
                return 2 * sum(n for sort, n in counted["counts"].items() if sort.endswith("multiply_adds"))
        raise SystemExit(f"the plan has not counted the artefact {stage}")

    def make(self, stage):
        """Returns the seconds: (wall time, processor time)."""
        start = time.monotonic()
        command = [f"{self.program}/lealab", "--lab", str(self.lab), "work", self.keys[stage]]
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(child.pid, 0)
        if status != 0:
            sys.exit(f"{' '.join(command)} failed; see its log with: lealab --lab {self.lab} log {self.keys[stage]}")
        spent = time.monotonic() - start, used.ru_utime + used.ru_stime
        print(stage, *(f"{seconds:.1f} s" for seconds in spent), flush=True)
        return spent

    def make_all(self, jobs):
        """Returns the seconds of each stage, and the wall time of all."""
        start = time.monotonic()
        spent = {stage: self.make(stage) for stage in FIRST}
        rest = [stage for stage in self.stages if stage not in FIRST]
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            spent |= zip(rest, pool.map(self.make, rest))
        return spent, time.monotonic() - start

    def files(self, stage):
        return self.lab / "artefacts" / self.keys[stage] / "files"


def gemm_flops(options):
    """FLOP per second of a matrix product of a layer's shape in the build's dtype with one thread, by bench_lm."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        run_lm.make_work(folder, options.data, 1)
        return run_lm.Ours(options, folder)("infer", options.dtype, 1, "--seconds", 0)["gemm_flops"]


def correlation(ours, theirs):
    return numpy.corrcoef(ours.flatten().numpy(), theirs.flatten().numpy())[0, 1]


def seconds_of(body):
    start = time.perf_counter()
    result = body()
    return time.perf_counter() - start, result


def measure_peer(build, options):
    """Returns the peer's seconds for each whole stage, from a sample, and how well its numbers agree with ours."""
    shown = lealab(build.program, build.lab, "artefacts", "prompts", build.spec, "--limit", 50)
    template = peer.Template(shown)
    data = peer.Data(build.lab / "data" / "real", options.data / "split.tsv")
    every = max(1, len(data.events) // options.events)
    sample = data.events[::every][: options.events]
    histories = [data.history(sequence, position) for _, _, sequence, position in sample]

    exported = build.folder / "rewards.npz"
    lealab(build.program, build.lab, "export", "rewards", build.keys["rewards"], "--out", exported)
    rewards, pool = (torch.from_numpy(numpy.load(exported)[name]) for name in ("rewards", "pool"))
    events, places = [e for e, *_ in sample], [p for _, p, *_ in sample]
    actions = [[data.sequences[s][t], *pool[e].tolist()] for e, _, s, t in sample]

    dtype = getattr(torch, options.dtype)
    inference = peer.Inference(options.model, build.files("adapter"), template, dtype)
    inference.states(histories[: peer.BATCH])
    of_states, states = seconds_of(lambda: inference.states(histories))
    of_rewards, found = seconds_of(lambda: inference.rewards(histories, actions))
    ours = only_tensor(build.files("states") / "states.safetensors").float()[places]
    agreement = {"states": correlation(ours, states), "rewards": correlation(rewards[events].float(), found)}
    for what, value in agreement.items():
        if value < LEAST_CORRELATION:
            sys.exit(f"the {what} of both have the correlation {value:.3f}; there is nothing to compare")
    del inference

    torch.manual_seed(1)
    step = peer.Step(options.model, build.files("adapter"), template, data, dtype)
    batches = torch.randperm(len(data.sequences))[: 8 * (1 + options.steps)].view(-1, 8).tolist()
    step(batches[0])
    of_steps, _ = seconds_of(lambda: [step(batch) for batch in batches[1:]])
    whole = {
        "adapter": of_steps / options.steps * STEPS,
        "states": of_states / len(sample) * len(data.events),
        "rewards": of_rewards / len(sample) * len(data.events),
    }
    return whole, agreement, len(data.events)


def row_of(stage, build, spent, theirs, peak):
    wall, processor = spent
    flops, estimate = build.flops(stage), build.estimate[stage]
    share = f"{flops / wall / peak:.0%}" if flops else "-"
    beside = [f"{theirs[stage]:.0f}", f"{theirs[stage] / wall:.1f}x"] if stage in theirs else ["-", "-"]
    planned = [f"{estimate:.0f}", f"{estimate / processor:.2f}"] if estimate is not None else ["-", "-"]
    return [stage, f"{wall:.0f}", f"{processor:.0f}", f"{flops / 1e12:.1f}", share, *planned, *beside]


def bars_of(wall, ratio, spent, estimates):
    """What is to hold of the whole build, as (text, whether it does)."""
    bars = [
        (f"at most {MOST_SECONDS} s for the whole build: {wall:.0f} s", wall <= MOST_SECONDS),
        (f"at least {LEAST_RATIO} times as quick as the peer: {ratio:.1f}", ratio >= LEAST_RATIO),
    ]
    seconds = {stage: processor for stage, (_, processor) in spent.items()}
    long = {stage: one for stage, one in seconds.items() if one >= LEAST_SECONDS}
    for stage, processor in {**long, "all": sum(seconds.values())}.items():
        planned = sum(estimates.values()) if stage == "all" else estimates[stage]
        off = abs(planned / processor - 1)
        bars.append((f"{stage}: estimated within {MOST_OFF:.0%}: {off:.0%} off", off <= MOST_OFF))
    return bars


def main():
    shared = os.environ.get("LEALAB_TEST_DATA", "../shared/data")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--bin", default="build/bench/bin", help="folder of lealab and bench_lm")
    parser.add_argument("--model", default=str(report.ROOT / "lab/models/smollm2-135m"))
    parser.add_argument("--data", type=pathlib.Path, default=f"{shared}/industry", help="folder of the data set")
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32", help="of ours and of the peer's")
    parser.add_argument("--jobs", type=int, default=2, help="stages that are made at a time")
    parser.add_argument("--lab", type=pathlib.Path, help="folder of a lab that is kept, with the artefacts; made if missing")
    parser.add_argument("--events", type=int, default=200, help="events whose states and rewards the peer computes")
    parser.add_argument("--steps", type=int, default=2, help="steps of the adapter that the peer takes")
    options = parser.parse_args()
    options.data, options.model = options.data.resolve(), str(pathlib.Path(options.model).resolve())
    if not (options.data / "split.tsv").exists():
        sys.exit(f"{options.data} holds no split.tsv: name the folder of the data set with --data")
    kind = report.machine(options.bin)
    torch.set_num_threads(1)
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory() as name:
        program = pathlib.Path(options.bin).resolve()
        build = Build(program, pathlib.Path(name), options)
        peaks = [gemm_flops(options)]
        spent, wall = build.make_all(options.jobs)
        peaks.append(gemm_flops(options))
        theirs, agreement, events = measure_peer(build, options)
        rows = [row_of(stage, build, spent[stage], theirs, max(peaks)) for stage in build.stages]
    processor = sum(seconds for _, seconds in spent.values())
    compared = sum(spent[stage][0] for stage in theirs)
    ratio = sum(theirs.values()) / compared
    # A stage without an estimate counts as one of no seconds, which misses its bar.
    estimates = {stage: build.estimate[stage] or 0 for stage in build.stages}
    planned = sum(estimates.values())
    whole = ["all", f"{wall:.0f}", f"{processor:.0f}", "", "", f"{planned:.0f}", f"{planned / processor:.2f}"]
    rows.append([*whole, f"{sum(theirs.values()):.0f}", f"{ratio:.1f}x"])
    bars = bars_of(wall, ratio, spent, estimates)
    listed = "\n".join(f"- {bar}, {'met' if met else 'MISSED'}" for bar, met in bars)
    text = f"""# The build of the language-model environment, on {options.data.name}

{report.provenance(kind)}. One thread for each stage, {options.jobs} stages at a time after the adapter, SmolLM2-135M
in {options.dtype}, the settings of the preset le_fast; {events:,} training events with a history. The peer is transformers
and PEFT in {options.dtype} with one padded prompt for each history, and for each history and candidate. Its seconds are those of {options.steps} steps and of {options.events} events, times the number of all.
The correlation of ours and its numbers is {agreement["states"]:.4f} for states and {agreement["rewards"]:.4f} for rewards.
It has one thread as well, and its ratio is to the wall time of the stage. The last row has the wall time of the whole build; its ratio
is that of the sums over the stages that the peer has.

{report.table(["stage", "wall, s", "processor, s", "TFLOP", "of GEMM peak", "plan's estimate, s", "over processor time",
               "peer, s", "ratio"], rows)}

The arithmetic is what the plugin counts for the plan, without padding; for the adapter a pass forwards and one backwards
for each step, and the validations. The peak is what a matrix product of a layer's shape reaches in
{options.dtype} with one thread, the better one of before and after the
build: {max(peaks) / 1e9:.0f} GFLOP/s.

{listed}
"""
    print(text)
    print("Written to", report.write("le", kind, text))
    return 0 if all(met for _, met in bars) else 1


if __name__ == "__main__":
    sys.exit(main())
