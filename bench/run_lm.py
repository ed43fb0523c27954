#!/usr/bin/env python3
"""Times what an environment asks of a language model beside transformers and PEFT, and prints the table.

Needs torch 2.13 (the CPU build), transformers 5.23 and peft 0.21 for this Python, bench_lm built with
-DLEA_BENCH=ON, and the model of tools/fetch_model smollm2-135m:
    python3 bench/run_lm.py --bin build/bench/bin
Prompts have 12 header tokens, 2 a history item and 18 for an action; histories are those of a data set's sequences.
Times are wall time, best of all rounds; ours and the peers take turns. Writes bench/results/lm-MACHINE.md. Exit status 1
when a bar is missed.
"""

import argparse
import gzip
import itertools
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

import torch
from safetensors.torch import load_file, save_file

import report
from peers import language

BARS = {"one prompt at a time, float32": 6.0, "batched, padded": 2.5, "LoRA step": 2.0, "item tokens": 3.0}
LORA_BATCH, TEXT_BATCH = 16, 16
BODY = 106.2e6  # parameters of SmolLM2 without its embedding, which is also its head
HEAD = 28.3e6


def make_work(folder, data, sequences, seed=1):
    """Writes and returns the work and the vectors of items. The work has events of some sequences,
    each with a history of up to ten items, the next item and a random other one, and sentences as
    long as the texts of items. Token ids are random, because only their number costs time."""
    generator = random.Random(seed)
    items = {}
    with gzip.open(data / "interactions.tsv.gz", "rt") as lines:
        next(lines)
        for line in lines:
            user, item, _ = line.split("\t")
            items.setdefault(user, []).append(int(item))
    chosen = [items[user] for user in generator.sample(sorted(items), sequences)]
    number = {item: i for i, item in enumerate(sorted({i for one in chosen for i in one}))}
    events = []
    for index, one in enumerate(chosen):
        row = [number[item] for item in one]
        for t in range(1, len(row)):
            events.append([index, row[max(0, t - 10) : t], row[t], generator.randrange(len(number))])

    def tokens(count):
        return [generator.randrange(100, 40000) for _ in range(count)]

    texts = [tokens(max(8, min(60, round(generator.gauss(28, 8))))) for _ in range(32)]
    work = {"header": tokens(12), "separator": 28, "before": tokens(8), "behind": tokens(9), "events": events, "texts": texts}
    (folder / "work.json").write_text(json.dumps(work))
    torch.manual_seed(seed)
    vectors = torch.randn(max(len(number), len(texts)), 576) * 0.12
    save_file({"vectors": vectors}, folder / "vectors.safetensors")
    return work, vectors


class Ours:
    def __init__(self, options, folder):
        self.program = str(pathlib.Path(options.bin, "bench_lm").resolve())
        self.options, self.folder = options, folder

    def __call__(self, task, dtype, threads, *more):
        command = [self.program, task, "--model", self.options.model, "--dtype", dtype, "--threads", str(threads)]
        command += ["--work", str(self.folder / "work.json"), "--vectors", str(self.folder / "vectors.safetensors")]
        done = subprocess.run([*command, *map(str, more)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"bench_lm failed: {done.stderr.strip()}")
        return json.loads(done.stdout)


def seconds_of(body):
    start = time.perf_counter()
    body()
    return time.perf_counter() - start


def close(ours, theirs, bound, what):
    distance = ((ours - theirs).abs().max() / theirs.abs().max()).item()
    if distance > bound:
        sys.exit(f"{what}: ours and the peer's numbers differ by {distance:.1e} of the largest; nothing to compare")
    return distance


def check_equality(ours, options, folder, work, vectors):
    """Compares the numbers of both in float32 on the first events, because speeds can only be
    compared if both compute the same. Exits if they differ, otherwise returns the largest
    difference."""
    saved = folder / "hidden.safetensors"
    ours("infer", "float32", 2, "--seconds", 0, "--save", saved)
    model = language.load(options.model, torch.float32)
    prompts = language.Prompts(model, work, vectors)
    some = [prompt for event in work["events"][:12] for prompt in prompts.of(event)]
    hidden = load_file(saved)["hidden"]
    distances = [close(hidden[: len(some)], language.infer_one_by_one(model, some), 1e-4, "hidden states")]
    distances.append(close(hidden[: len(some)], language.infer_batched(model, some, 16), 1e-4, "batched hidden states"))
    step = language.LoraStep(options.model, torch.float32, work, vectors, separate=True)
    losses = ours("train", "float32", 2, "--seconds", 0, "--batch", LORA_BATCH)["losses"]
    peer = step(work["events"][:LORA_BATCH])  # first loss only: A is random in both, B still 0
    distances.append(close(torch.tensor(losses[:1]), torch.tensor([peer]), 1e-4, "LoRA loss"))
    batched = ours("vectors", "float32", 2, "--seconds", 0, "--batch", TEXT_BATCH)["losses"]
    solo = ours("vectors", "float32", 2, "--seconds", 0, "--batch", 1)["losses"]
    distances.append(close(torch.tensor(batched), torch.tensor(solo), 1e-5, "three steps of item tokens, batched and alone"))
    vector = language.VectorStep(model, work["texts"], vectors)
    peer = sum(vector(i) for i in range(len(work["texts"]))) / len(work["texts"])
    distances.append(close(torch.tensor(batched[:1]), torch.tensor([peer]), 1e-4, "item token loss"))
    return max(distances)


def best_batched(options, work, vectors):
    """Tries ways to batch on a few events. Returns dtype, attention and batch of the quickest."""
    best = None
    for dtype, attention in itertools.product((torch.float32, torch.bfloat16), ("sdpa", "eager")):
        model = language.load(options.model, dtype, attention)
        prompts = language.Prompts(model, work, vectors)
        some = [prompt for event in work["events"][:32] for prompt in prompts.of(event)]
        for batch in (16, 32):
            language.infer_batched(model, some[:batch], batch)
            took = seconds_of(lambda m=model, p=some, b=batch: language.infer_batched(m, p, b))
            if best is None or took < best[0]:
                best = (took, dtype, attention, batch)
    return best[1:]


def measure(ours, options, work, vectors, threads):
    torch.set_num_threads(threads)
    events = work["events"]
    best = {}

    def keep(name, seconds):
        best[name] = min(best.get(name, float("inf")), seconds)

    dtype, attention, batch = best_batched(options, work, vectors)
    single = language.load(options.model, torch.float32)
    batched = language.load(options.model, dtype, attention)
    single_prompts = [p for e in events for p in language.Prompts(single, work, vectors).of(e)]
    batched_prompts = [p for e in events for p in language.Prompts(batched, work, vectors).of(e)]
    steps = {(d, s): language.LoraStep(options.model, d, work, vectors, s)
             for d, s in itertools.product((torch.float32, torch.bfloat16), (True, False))}
    vector = {d: language.VectorStep(language.load(options.model, d), work["texts"], vectors)
              for d in (torch.float32, torch.bfloat16)}
    facts = {"batched": f"{str(dtype).split('.')[1]}, {attention}, {batch} prompts a batch"}
    for _ in range(options.rounds):
        for name in ("bfloat16", "float32"):
            for task, size in (("infer", 0), ("train", LORA_BATCH), ("vectors", TEXT_BATCH), ("vectors", 1)):
                told = ours(task, name, threads, "--seconds", 0, *(("--batch", size) if size else ()))
                key = ("ours", task, name, size)
                keep(key, told["wall_ms"] / 1e3)
                facts[key] = told
        keep("one by one", seconds_of(lambda: language.infer_one_by_one(single, single_prompts)))
        keep("batched", seconds_of(lambda: language.infer_batched(batched, batched_prompts, batch)))
        for key, step in steps.items():
            step(events[:LORA_BATCH])
            keep(("lora", *key), seconds_of(lambda s=step: s(events[:LORA_BATCH])))
        for key, step in vector.items():
            step(0)
            keep(("text", key), seconds_of(lambda s=step: [s(i) for i in range(len(work["texts"]))]))
    return best, facts


def share_of_peak(told, flops_of_row, seconds):
    return f"{told['rows'] * flops_of_row / seconds / told['gemm_flops']:.0%}"


def rows_of(best, facts, work, threads):
    """Returns a row of the table for each bar, and whether all bars are met."""
    events, texts = len(work["events"]), len(work["texts"])
    infer, train, vectors = (("ours", "infer", "bfloat16", 0), ("ours", "train", "bfloat16", LORA_BATCH),
                             ("ours", "vectors", "bfloat16", TEXT_BATCH))
    lora = min((key for key in best if key[0] == "lora"), key=best.get)
    dtype_of = lambda dtype: str(dtype).split(".")[1]
    rows = [
        ["one prompt at a time, float32", events / best[infer], events / best["one by one"], "events/s", "transformers",
         share_of_peak(facts[infer], 2 * BODY, best[infer])],
        ["batched, padded", events / best[infer], events / best["batched"], "events/s",
         f"transformers, {facts['batched']}", share_of_peak(facts[infer], 2 * BODY, best[infer])],
        ["LoRA step", LORA_BATCH / best[train], LORA_BATCH / best[lora], "samples/s",
         f"transformers + PEFT, {dtype_of(lora[1])}, states in {'a batch of their own' if lora[2] else 'the same batch'}",
         share_of_peak(facts[train], 4 * BODY, best[train])],
        ["item tokens", texts / best[vectors], texts / best[("text", torch.float32)], "items/s",
         "transformers, one item at a time, float32", share_of_peak(facts[vectors], 4 * (BODY + HEAD), best[vectors])],
    ]
    told, all_met = [], True
    for name, mine, theirs, unit, peer, share in rows:
        met = mine / theirs >= BARS[name]
        all_met = all_met and met
        told.append([threads, name, f"{mine:.2f}", f"{theirs:.2f}", unit, peer, f"{mine / theirs:.2f}x", f"{BARS[name]}x",
                     "met" if met else "MISSED", share])
    return told, all_met


def others_of(best, facts, work, threads):
    """Returns the rows of further rates: ours in both dtypes, ours with one item at a time, and the
    peers in both dtypes."""
    events, texts = len(work["events"]), len(work["texts"])
    told = []
    for name in ("float32", "bfloat16"):
        dtype = getattr(torch, name)
        rates = [events / best[("ours", "infer", name, 0)], LORA_BATCH / best[("ours", "train", name, LORA_BATCH)],
                 LORA_BATCH / min(best[("lora", dtype, separate)] for separate in (True, False)),
                 texts / best[("ours", "vectors", name, TEXT_BATCH)], texts / best[("ours", "vectors", name, 1)],
                 texts / best[("text", dtype)], facts[("ours", "infer", name, 0)]["gemm_flops"] / 1e9]
        told.append([threads, name, *(f"{rate:.2f}" for rate in rates)])
    return told


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--bin", default="build/bench/bin", help="folder of bench_lm")
    parser.add_argument("--model", default=str(report.ROOT / "lab/models/smollm2-135m"))
    parser.add_argument("--data", type=pathlib.Path, default=report.ROOT / "../shared/data/industry")
    parser.add_argument("--sequences", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    kind = report.machine(options.bin, max(options.threads))
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        work, vectors = make_work(folder, options.data, options.sequences)
        ours = Ours(options, folder)
        distance = check_equality(ours, options, folder, work, vectors)
        print(f"equal within {distance:.1e}", flush=True)
        rows, others, all_met = [], [], True
        for threads in options.threads:
            best, facts = measure(ours, options, work, vectors, threads)
            told, met = rows_of(best, facts, work, threads)
            rows += told
            others += others_of(best, facts, work, threads)
            all_met = all_met and met
            for row in told:
                print(*row, flush=True)
        shared = facts[("ours", "infer", "bfloat16", 0)]["rows"]
    naive = sum(3 * (12 + 2 * len(e[1])) + 36 for e in work["events"])
    text = f"""# A language model as an environment asks it: SmolLM2-135M

{report.provenance(kind)}. Wall time, best of {options.rounds} rounds in which ours and the peers take turns.
{len(work["events"])} events of {options.sequences} sequences: a state and two rewards each, {naive:,} tokens as prompts of their own and
{shared:,} rows as a forest. A LoRA step: rank 8 on q, k and v, a score head, both losses, AdamW, {LORA_BATCH} samples. Item tokens: 32
sentences of about 28 tokens, {TEXT_BATCH} a batch, forward, backward and Adam. Ours is bfloat16, with adapters, vectors and losses in
float32. In float32 the numbers of both were compared first: they differ by at most {distance:.1e} of the largest.

{report.table(["threads", "", "ours", "peer", "", "the peer", "ratio", "bar", "", "of GEMM peak"], rows)}

The last column is the model's arithmetic for the rows that were computed, no padding and no recomputing counted, as a
share of what a matrix product of a layer's shape reaches in that dtype in the same run.

{report.table(["threads", "dtype", "events/s", "LoRA samples/s", "PEFT", "items/s, batched", "alone", "transformers, alone",
               "GEMM, GFLOP/s"], others)}
"""
    print(text)
    print("Written to", report.write("lm", kind, text))
    return 0 if all_met else 1


if __name__ == "__main__":
    sys.exit(main())
