#!/usr/bin/env python3
"""Times one SNQN and one SA2C step against two PyTorch forms and the GEMM floor, and prints the table.

Needs numpy and torch 2.13 (the CPU build) for this Python, and bench_step built with -DLEA_BENCH=ON:
    python3 bench/run_step.py --bin build/bench/bin
Everything runs on one thread and is CPU time, best of all steps of all rounds; the programs take turns.
Writes bench/results/step-MACHINE.md. Exit status 1 when a bar is missed.
"""

import argparse
import itertools
import json
import os
import pathlib
import subprocess
import sys
import time

import torch

import report
from peers import careful_form, reference_form
from peers.network import WIDTH, Batch

BARS = {"reference": 4.0, "careful": 1.3}  # at 18,000 items, batch 256, 10 negatives
PROGRAM_PARAMS = {
    "gru4rec": {"dropout": 0.0},
    "sasrec": {"dropout": 0.1},
    "snqn": {},
    "sa2c": {"warm_up_steps": 0},  # the advantage phase from the start
}


def best_ms(body, seconds, least=3):
    body()
    best, spent = float("inf"), 0.0
    while least > 0 or spent < seconds:
        start = time.process_time()
        body()
        took = time.process_time() - start
        best, spent, least = min(best, took), spent + took, least - 1
    return 1e3 * best


def forms_agree(framework, backbone):
    """Whether both peers compute the same losses from the same weights. Otherwise their speeds
    could not be compared."""
    losses = []
    for form in (reference_form, careful_form):
        torch.manual_seed(1)
        step = form.Step(framework, backbone, 300)
        for network in step.networks:
            network.eval()
        torch.manual_seed(2)
        losses.append([step(Batch(300, 32, 10)).item() for _ in range(5)])
    return max(abs(a - b) for a, b in zip(*losses)) < 1e-3


def gemm_floor(items, batch):
    """Returns a function with the five B x N x D products that an exact step cannot avoid: three
    forward and two backward."""
    hidden, weight = torch.randn(batch, WIDTH), torch.randn(items, WIDTH)
    logits = torch.empty(batch, items)
    d_hidden, d_weight = torch.empty(batch, WIDTH), torch.empty(items, WIDTH)

    def body():
        for _ in range(3):
            torch.mm(hidden, weight.t(), out=logits)
        torch.mm(logits, weight, out=d_hidden)
        torch.mm(logits.t(), hidden, out=d_weight)

    return body


def adam_floor(items):
    """Returns a step of fused Adam over the embeddings and both heads; the gradients are given."""
    parameters = [torch.randn(items, WIDTH, requires_grad=True) for _ in range(3)]
    for parameter in parameters:
        parameter.grad = torch.randn(items, WIDTH)
    return torch.optim.Adam(parameters, fused=True).step


def ours(program, framework, backbone, items, batch, negatives, seconds):
    command = [program, "--framework", f"lea.{framework}", "--backbone", f"lea.{backbone}"]
    command += ["--framework-params", json.dumps(PROGRAM_PARAMS[framework])]
    command += ["--backbone-params", json.dumps(PROGRAM_PARAMS[backbone])]
    command += ["--items", str(items), "--batch", str(batch), "--negatives", str(negatives)]
    command += ["--seconds", str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"bench_step failed: {done.stderr.strip()}")
    return json.loads(done.stdout)["best_ms"]


def measure(program, config, seconds, rounds):
    framework, backbone, items, batch, negatives = config
    data = Batch(items, batch, negatives)
    reference = reference_form.Step(framework, backbone, items)
    careful = careful_form.Step(framework, backbone, items)
    bodies = {
        "gemm": gemm_floor(items, batch),
        "adam": adam_floor(items),
        "careful": lambda: careful(data),
        "reference": lambda: reference(data),
    }
    best = dict.fromkeys([*bodies, "ours"], float("inf"))
    for _ in range(rounds):
        best["ours"] = min(best["ours"], ours(program, *config, seconds))
        for name, body in bodies.items():
            best[name] = min(best[name], best_ms(body, seconds))
    return best


def row_of(config, best):
    framework, backbone, items, batch, negatives = config
    barred = (items, batch, negatives) == (18000, 256, 10)
    ratios = {name: best[name] / best["ours"] for name in BARS}
    # Without a bar, the step must at least not be slower than the careful form.
    met = all(ratios[n] >= BARS[n] for n in BARS) if barred else ratios["careful"] >= 1
    times = [f"{best[n]:.1f}" for n in ("ours", "careful", "reference", "gemm", "adam")]
    floor = best["ours"] / (best["gemm"] + best["adam"])
    mark = ("met" if met else "MISSED") if barred else ("" if met else "SLOWER")
    row = [framework, backbone, f"{items:,}", batch, negatives, *times]
    return row + [f"{ratios['reference']:.1f}x", f"{ratios['careful']:.2f}x", f"{floor:.2f}", mark], met


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--bin", default="build/bench/bin", help="folder of bench_step")
    parser.add_argument("--seconds", type=float, default=2, help="CPU time a program and round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only-bar", action="store_true", help="only 18,000 items, batch 256, 10 negatives")
    options = parser.parse_args()
    kind = report.machine(options.bin)
    program = str(pathlib.Path(options.bin, "bench_step").resolve())
    os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1)
    sizes = [(18000, 256, 10)] if options.only_bar else itertools.product((4344, 18000, 100000), (100, 256), (1, 10))
    rows, all_met = [], True
    for (framework, backbone), size in itertools.product(
        itertools.product(("snqn", "sa2c"), ("gru4rec", "sasrec")), list(sizes)
    ):
        if not forms_agree(framework, backbone):
            sys.exit(f"the peers disagree on {framework} with {backbone}: nothing to compare with")
        config = (framework, backbone, *size)
        row, met = row_of(config, measure(program, config, options.seconds, options.rounds))
        rows.append(row)
        all_met = all_met and met
        print(*row, flush=True)
    header = ["framework", "backbone", "N", "batch", "negatives", "ours, ms", "careful", "reference", "5 GEMMs"]
    header += ["Adam", "vs reference", "vs careful", "of floor", f"bar {BARS['reference']}x, {BARS['careful']}x"]
    text = f"""# One training step, one thread

{report.provenance(kind)}; LibTorch and PyTorch {torch.__version__}.
CPU time in ms, best of {options.rounds} rounds; ratios above 1 mean that ours is faster; "of floor" is ours over
the five B x N x D products plus fused Adam, all measured in this run. Histories of 10, width {WIDTH}.

{report.table(header, rows)}
"""
    print()
    print(text)
    if not options.only_bar:
        print("Written to", report.write("step", kind, text))
    return 0 if all_met else 1


if __name__ == "__main__":
    sys.exit(main())
