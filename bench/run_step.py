#!/usr/bin/env python3
"""Times one SNQN and one SA2C step against two PyTorch forms, JAX and the floor, and prints the table.

The floor of a step is its matrix products, each by the best of MKL, oneDNN and OpenBLAS, and fused Adam.
Needs numpy and torch 2.13 (the CPU build) for this Python, jax unless that peer is left out, and bench_step
built with -DLEA_BENCH=ON:
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

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[threads] = "1"  # read when the libraries are loaded

import numpy as np
import torch

import report
from peers import careful_form, reference_form
from peers.network import LENGTH, WIDTH, Batch, QNetwork

FORMS = {"careful": careful_form, "reference": reference_form}
try:
    from peers import jax_form

    FORMS["JAX"] = jax_form
except ImportError:
    print("the peer JAX is skipped, because jax is not installed", file=sys.stderr)

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


def ways(left, right):
    """The float32 products left [m, k] @ right [k, n] that this machine has, by name."""
    out = torch.empty(left.shape[0], right.shape[1])
    numbers = [x.numpy() for x in (left, right, out)]
    return {
        "MKL": lambda: torch.mm(left, right, out=out),
        "oneDNN": lambda: torch.ops.mkldnn._linear_pointwise(left, right.t(), None, "none", [], ""),
        "OpenBLAS": lambda: np.matmul(numbers[0], numbers[1], out=numbers[2]),
    }


def head_products(items, batch):
    """The five B x N x D products that an exact step cannot avoid, as (times, left, right): three of the
    forward pass, and two of the backward pass."""
    hidden, weight, logits = torch.randn(batch, WIDTH), torch.randn(items, WIDTH), torch.randn(batch, items)
    return [(3, hidden, weight.t()), (1, logits, weight), (1, logits.t(), hidden)]


def encoder_products(backbone, data):
    """The products of the backbone: four histories are encoded, and one of them goes backward, where each
    product has two gradients."""
    if backbone == "gru4rec":
        # All steps of the recurrence at once: the same multiplications in fewer calls.
        layers = [(int(data.length.sum()), 3 * WIDTH)] * 2
    else:
        rows = len(data.length)
        layers = [(rows * LENGTH, WIDTH)] * 2 + [(rows, WIDTH)] * 3
    products = []
    for rows, columns in layers:
        inputs, weight, outputs = torch.randn(rows, WIDTH), torch.randn(columns, WIDTH), torch.randn(rows, columns)
        products += [(4, inputs, weight.t()), (1, outputs, weight), (1, outputs.t(), inputs)]
    return products


def adam_floor(backbone, items):
    """Returns a step of fused Adam over the parameters that one step changes; the gradients are given."""
    network = QNetwork(backbone, items)
    for parameter in network.parameters():
        parameter.grad = torch.randn_like(parameter)
    return torch.optim.Adam(network.parameters(), fused=True).step


class Floor:
    """What a step cannot avoid, each product by the best way, over all rounds."""

    def __init__(self, backbone, items, data):
        self.products = head_products(items, len(data.length)) + encoder_products(backbone, data)
        self.best = [dict() for _ in self.products]
        self.adam, self.adam_ms = adam_floor(backbone, items), float("inf")

    def measure(self, seconds):
        self.adam_ms = min(self.adam_ms, best_ms(self.adam, seconds / 4))
        for best, (_, left, right) in zip(self.best, self.products):
            for name, body in ways(left, right).items():
                best[name] = min(best.get(name, float("inf")), best_ms(body, seconds / 12))

    def ms(self, name=None):
        """The products in all; of one way alone when it is named."""
        each = [best[name] if name else min(best.values()) for best in self.best]
        return sum(times * ms for (times, _, _), ms in zip(self.products, each))


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
    floor = Floor(backbone, items, data)
    bodies = {}
    for name, form in FORMS.items():
        step = form.Step(framework, backbone, items)
        bodies[name] = lambda step=step: step(data)
    best = dict.fromkeys(["ours", *bodies], float("inf"))
    for _ in range(rounds):
        best["ours"] = min(best["ours"], ours(program, *config, seconds))
        floor.measure(seconds)
        for name, body in bodies.items():
            best[name] = min(best[name], best_ms(body, seconds))
    best |= {way: floor.ms(way) for way in ("MKL", "oneDNN", "OpenBLAS")}
    return best | {"products": floor.ms(), "adam": floor.adam_ms}


def bars_of(wide, config):
    """The greatest part of the floor, and the least ratios to the peers."""
    _, _, items, batch, negatives = config
    if not wide:
        # Where oneDNN's products are no quicker than MKL's.
        return {"reference": 4.0, "careful": 1.3} if (items, batch, negatives) == (18000, 256, 10) else {"careful": 1.0}
    bars = {"floor": 2.0} if batch == 100 else {}
    if batch == 256 and items >= 18000:
        bars = {"floor": 1.6, "careful": 2.2}
    if items == 4344 and batch == 100:
        bars["JAX"] = 2.0
    return bars


def row_of(wide, config, best):
    framework, backbone, items, batch, negatives = config
    ratios = {name: best[name] / best["ours"] for name in FORMS}
    floor = best["ours"] / (best["products"] + best["adam"])
    bars, missed = bars_of(wide, config), []
    for name, bar in bars.items():
        if name != "floor" and name not in ratios:
            continue  # a peer that is not installed
        if (floor > bar) if name == "floor" else (ratios[name] < bar):
            missed.append(f"{name} {bar}")
    columns = ["ours", "JAX", "careful", "reference", "MKL", "oneDNN", "OpenBLAS", "products", "adam"]
    times = [f"{best[n]:.2f}" if n in best else "-" for n in columns]
    shown = [f"{ratios[n]:.2f}x" if n in ratios else "-" for n in ("JAX", "careful", "reference")]
    mark = "MISSED: " + ", ".join(missed) if missed else "met" if bars else ""
    return [framework, backbone, f"{items:,}", batch, negatives, *times, *shown, f"{floor:.2f}", mark], not missed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--bin", default="build/bench/bin", help="folder of bench_step")
    parser.add_argument("--seconds", type=float, default=2, help="CPU time a program and round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--items", type=int, nargs="+", default=[4344, 18000, 100000])
    parser.add_argument("--negatives", type=int, nargs="+", default=[1, 10])
    parser.add_argument("--framework", nargs="+", default=["snqn", "sa2c"])
    parser.add_argument("--without-reference", action="store_true", help="leave out the slowest peer")
    parser.add_argument("--print-only", action="store_true", help="write no file")
    options = parser.parse_args()
    kind = report.machine(options.bin)
    wide = "wide products" in kind["machine_kind"]
    program = str(pathlib.Path(options.bin, "bench_step").resolve())
    torch.set_num_threads(1)
    if options.without_reference:
        del FORMS["reference"]
    rows, all_met = [], True
    for framework, backbone in itertools.product(options.framework, ("gru4rec", "sasrec")):
        if not forms_agree(framework, backbone):
            sys.exit(f"the peers disagree on {framework} with {backbone}: nothing to compare with")
        for size in itertools.product(options.items, (100, 256), options.negatives):
            config = (framework, backbone, *size)
            row, met = row_of(wide, config, measure(program, config, options.seconds, options.rounds))
            rows.append(row)
            all_met = all_met and met
            print(*row, flush=True)
    header = ["framework", "backbone", "N", "batch", "negatives", "ours, ms", "JAX", "careful", "reference"]
    header += ["products: MKL", "oneDNN", "OpenBLAS", "best", "Adam", "vs JAX", "vs careful", "vs reference"]
    header += ["of floor", "bars"]
    jax_version = f", JAX {jax_form.VERSION}" if "JAX" in FORMS else ""
    text = f"""# One training step, one thread

{report.provenance(kind)}; LibTorch and PyTorch {torch.__version__}, NumPy {np.__version__}{jax_version}.
CPU time in ms, best of {options.rounds} rounds; ratios above 1 mean that ours is faster; "of floor" is ours over
the step's matrix products, each by its best way, plus fused Adam, all measured in this run. Histories of 10, width {WIDTH}.

{report.table(header, rows)}
"""
    print()
    print(text)
    if not options.print_only:
        print("Written to", report.write("step", kind, text))
    return 0 if all_met else 1


if __name__ == "__main__":
    sys.exit(main())
