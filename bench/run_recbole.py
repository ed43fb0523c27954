#!/usr/bin/env python3
"""Times supervised training with its validations against RecBole 1.2.1, with GRU4Rec and with SASRec.

Needs a built lealab with its plugins. The peer needs recbole 1.2.1 and torch for this Python; without them ours is timed
alone and nothing is written:
    python3 bench/run_recbole.py --bin build/release/bin --data ../shared/data/industry
The data folder holds interactions.tsv (or .tsv.gz). Writes bench/results/recbole-MACHINE.md.

Both sides have the same sequences for training and for validation (split by sequence, seed 1), histories of 10, batches of
100 shuffled training events, Adam with the same learning rate, softmax cross-entropy over all items, width 64, one layer,
the same rate of dropout, item embeddings that are also the weights of the output, and one thread. Both validate after each
pass over the training events: all events of all validation sequences, each ranked over all items. The test part stays closed.

RecBole takes rows of a history and a target that are made beforehand (`benchmark_filename`), because its own splits
validate the last event of each user alone. It cannot predict from an empty history. So an item that is never a target
stands before the first event of a sequence, as ours encodes an empty history as one padding item. Both train and validate
thereby on the same events, and RecBole ranks one item more. Its texts are left out, and its item file lists all items.

Processor time, user and system, counts from the first training step to the end of the last validation, checkpoints
included, for both: RecBole's from the call of its `fit`, and ours from the first record of training in events.jsonl on, as
the kernel counts it for the worker in hundredths of a second. The start of a program and its reading of the data are
shown beside it. A round trains each side with each model once; of the rounds, the best counts.

Exit status 1 when a bar is missed: RecBole takes at least eight times as much a step, and eight times as much until it
reaches the same validation NDCG@20, which is 95 % of the lower one of the two best values.
"""

import argparse
import importlib.metadata
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import report

BAR = 8.0
SHARE = 0.95  # of the lower one of the two best values, which both have to reach
VERSION = "1.2.1"
HISTORY, WIDTH, BATCH = 10, 64, 100
START = "start_of_sequence"  # the item that stands in histories that are otherwise empty
PEER = report.ROOT / "bench" / "peers" / "recbole_form.py"
TICKS = os.sysconf("SC_CLK_TCK")

SPEC = """
name: {name}
data: {{name: {data}, history: {history}}}
split: {{by: sequence, ratios: [0.8, 0.1, 0.1], seed: 1}}
train: {{batch_size: {batch}, learning_rate: {rate}, sampling: epochs, max_steps: {steps}, validate_every: {every},
        patience: 1000000, stop_on: ndcg@20, log_every: {every}}}
evaluate: {{k: [20], ties: pessimistic, first_event: true, test: false}}
framework: supervised
backbone: {backbone}
seeds: [1]
"""


def backbone(model, dropout):
    layers = "layers: 1" if model == "GRU4Rec" else "blocks: 1, heads: 1"
    return f"{{{model.lower()}: {{width: {WIDTH}, {layers}, dropout: {dropout}, embedding_std: 0.02, tied: true}}}}"


def peer_settings(model, options, folder):
    """The configuration of RecBole that is nearest to ours."""
    own = {"embedding_size": WIDTH, "num_layers": 1, "dropout_prob": options.dropout}
    if model == "SASRec":
        own = {"n_layers": 1, "n_heads": 1, "inner_size": WIDTH, "hidden_act": "relu"}
        own |= {"hidden_dropout_prob": options.dropout, "attn_dropout_prob": options.dropout}
    return own | {
        "model": model,
        "hidden_size": WIDTH,
        "loss_type": "CE",
        "train_neg_sample_args": None,
        "dataset": folder.name,
        "data_path": str(folder.parent),
        # RecBole wants a third part for the test. It is not read here.
        "benchmark_filename": ["train", "valid", "valid"],
        "load_col": {"inter": ["user_id", "item_id_list", "item_id"], "item": ["item_id"]},
        "alias_of_item_id": ["item_id_list"],
        "MAX_ITEM_LIST_LENGTH": HISTORY,
        "train_batch_size": BATCH,
        "eval_batch_size": options.eval_batch,
        "learning_rate": options.rate,
        "epochs": options.passes,
        "stopping_step": 1_000_000,
        "eval_args": {"order": "TO", "mode": "full", "group_by": "user", "split": {"LS": "valid_and_test"}},
        "metrics": ["NDCG"],
        "topk": [20],
        "valid_metric": "NDCG@20",
        "metric_decimal_place": 6,
        "checkpoint_dir": str(folder.parent / "saved"),
        "device": "cpu",
        "use_gpu": False,
        "worker": 0,
        "seed": 1,
    }


def lealab(program, lab, *arguments):
    command = [f"{program}/lealab", "--lab", str(lab), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed: {done.stdout.strip()} {done.stderr.strip()}")


def write_rows(exported, name, folder):
    """Writes the files of RecBole from an export of the lab, and returns the rows of each part."""
    folder.mkdir()
    rows = {}
    for part in ("train", "valid"):
        lines = ["user_id:token\titem_id_list:token_seq\titem_id:token"]
        last, history = None, []
        for event in (exported / f"{name}.{part}.inter").read_text().splitlines()[1:]:
            sequence, item = event.split("\t")[:2]
            if sequence != last:
                last, history = sequence, []
            lines.append(f"{sequence}\t{' '.join(history[-HISTORY:]) or START}\t{item}")
            history.append(item)
        (folder / f"rows.{part}.inter").write_text("\n".join(lines) + "\n")
        rows[part] = len(lines) - 1
    items = [line.split("\t")[0] for line in (exported / "items.map.tsv").read_text().splitlines()[1:]]
    (folder / "rows.item").write_text("\n".join(["item_id:token", *items, START]) + "\n")
    return rows | {"items": len(items)}


def processor_seconds(pid):
    """User and system time of a process with all its threads, or None when it has ended."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / TICKS if fields[0] != "Z" else None


class Worker:
    """The worker of a lealab: its process, and the records of its run."""

    def __init__(self, lealab, lab):
        self.lealab, self.lab = lealab, lab
        self.pid = self.events = None
        self.spent, self.read = None, 0

    def find(self):
        if self.pid is None:
            children = pathlib.Path(f"/proc/{self.lealab.pid}/task/{self.lealab.pid}/children").read_text().split()
            workers = [c for c in children if b"lealab-worker" in pathlib.Path(f"/proc/{c}/cmdline").read_bytes()]
            self.pid = workers[0] if workers else None
        if self.events is None:
            self.events = next(self.lab.glob("runs/*/events.jsonl"), None)
        return self.pid is not None and self.events is not None

    def news(self):
        """The records since the last call, each with the processor seconds at which it was found."""
        with open(self.events, encoding="utf-8") as file:
            file.seek(self.read)
            text = file.read()
        whole = text[: text.rfind("\n") + 1]
        self.spent = processor_seconds(self.pid) or self.spent
        self.read += len(whole.encode())
        return [(json.loads(line), self.spent) for line in whole.splitlines()]


def ours(program, lab, spec):
    """Trains in a lab that holds the data."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    with open(f"{lab}.log", "w+", encoding="utf-8") as log:
        command = [f"{program}/lealab", "--lab", str(lab), "run", str(spec), "--jobs", "1"]
        process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        worker, start, validations = Worker(process, lab), None, []
        while process.poll() is None:
            for record, spent in worker.news() if worker.find() else []:
                if record["type"] == "train" and start is None:
                    start = spent
                if record["type"] == "valid":
                    ndcg = record["metrics"]["ndcg@20"]
                    validations.append({"step": record["step"], "seconds": spent - start, "ndcg": ndcg})
            time.sleep(0.005)
        if process.returncode != 0 or not validations:
            sys.exit(f"lealab run failed: {pathlib.Path(log.name).read_text().strip()}")
    ranks = ranks_of(next(lab.glob("runs/*/ranks-valid.bin")))
    counted = sum(1 / math.log2(rank + 1) for rank in ranks if rank <= 20) / len(ranks)
    return {"before": start, "seconds": validations[-1]["seconds"], "validations": validations,
            "validation_rows": len(ranks), "counted_ndcg": counted}


def ranks_of(path):
    """The rank of each validation event with the best network; a tie counts against the target."""
    data = path.read_bytes()
    count = int.from_bytes(data[16:24], "little")
    numbers = memoryview(data)[152 : 152 + 32 * count].cast("I")
    return [numbers[i + 4] + numbers[i + 5] for i in range(0, 8 * count, 8)]


def theirs(settings, path):
    path.write_text(json.dumps(settings))
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "ignore", str(PEER), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=path.parent)
    if done.returncode != 0:
        sys.exit(f"RecBole failed: {done.stderr.strip()}")
    return json.loads(done.stdout.splitlines()[-1])


def first_at(validations, target):
    """The validation that first reaches the target, or None."""
    return next((v for v in validations if v["ndcg"] >= target), None)


def best_of(rounds):
    """The least processor time of each validation over the rounds. A round repeats the seed, so the values of NDCG are equal."""
    together = []
    for one in zip(*(r["validations"] for r in rounds)):
        values = [v["ndcg"] for v in one]
        if max(values) - min(values) > 1e-6:
            sys.exit(f"two rounds with one seed differ: NDCG@20 {min(values)} and {max(values)}")
        together.append(one[0] | {"seconds": min(v["seconds"] for v in one)})
    return {"validations": together, "before": min(r["before"] for r in rounds)}


def check(rounds, rows):
    """Both train on and rank the same numbers of events, and both values of NDCG follow from ranks in the same way."""
    if "RecBole" in rounds:
        found = [rounds["RecBole"][name] for name in ("training_rows", "ranked_items", "steps_an_epoch")]
        if found != [rows["train"], rows["items"] + 1, rows["every"]]:
            sys.exit(f"RecBole has {found} training rows, items and steps in a pass, but its files hold {rows}")
    for side, one in rounds.items():
        if one["validation_rows"] != rows["valid"]:
            sys.exit(f"{side} ranks {one['validation_rows']} validation events, but the split has {rows['valid']}")
        values = [v["ndcg"] for v in one["validations"]]
        # Ours keeps the ranks of its best network. The peer's are those of its last.
        value = max(values) if side == "ours" else values[-1]
        if abs(value - one["counted_ndcg"]) > 2e-5:
            sys.exit(f"{side}: NDCG@20 is {value}, but counted from the ranks it is {one['counted_ndcg']}")


def measure(program, data, options, with_peer):
    """Returns by model the rounds of both sides, and the rows of each part."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        first = folder / "first"
        lealab(program, first, "data", "import", data.name, data)
        exported = folder / "exported"
        split = ["--split-by", "sequence", "--seed", 1]
        lealab(program, first, "data", "export", data.name, "--format", "recbole", *split, "--out", exported)
        rows = write_rows(exported, data.name, folder / "rows")
        rows["every"] = math.ceil(rows["train"] / BATCH)  # steps of a pass, and between two validations
        rounds = {model: {"ours": [], "RecBole": []} for model in options.models}
        for round_ in range(options.rounds):
            for model, sides in rounds.items():
                # A lab of its own for each run, because a finished run would not be run again.
                lab, spec = folder / f"lab-{model}-{round_}", folder / f"{model}-{round_}.yaml"
                lealab(program, lab, "data", "import", data.name, data)
                spec.write_text(SPEC.format(name=spec.stem, data=data.name, history=HISTORY, batch=BATCH, rate=options.rate,
                                            steps=rows["every"] * options.passes, every=rows["every"],
                                            backbone=backbone(model, options.dropout)))
                sides["ours"].append(ours(program, lab, spec))
                if with_peer:
                    settings = peer_settings(model, options, folder / "rows")
                    sides["RecBole"].append(theirs(settings, folder / "rows.json"))
                check({side: runs[-1] for side, runs in sides.items() if runs}, rows)
                for side, runs in sides.items():
                    if runs:
                        print(f"round {round_ + 1}, {model}, {side}: {runs[-1]['seconds']:.2f} s", flush=True)
        return rounds, rows


def versions_of(rounds):
    """The versions that the peer found, as text; empty without the peer."""
    runs = [run for sides in rounds.values() for run in sides["RecBole"]]
    return ", ".join(f"{name} {version}" for name, version in runs[0]["versions"].items()) if runs else ""


def row_of(model, sides, steps):
    """The table's row of a model, and whether both bars are met. Without the peer there is nothing to compare with."""
    best = {side: best_of(runs) for side, runs in sides.items() if runs}
    step = {side: 1e3 * one["validations"][-1]["seconds"] / steps for side, one in best.items()}
    value = {side: max(v["ndcg"] for v in one["validations"]) for side, one in best.items()}
    if "RecBole" not in best:
        return [model, f"{step['ours']:.2f}", "-", "-", f"{value['ours']:.4f}", *["-"] * 6, ""], True
    target = SHARE * min(value.values())
    reached = {side: first_at(one["validations"], target) for side, one in best.items()}
    passes = {side: best[side]["validations"].index(one) + 1 for side, one in reached.items()}
    ratios = [step["RecBole"] / step["ours"], reached["RecBole"]["seconds"] / reached["ours"]["seconds"]]
    missed = [what for what, ratio in zip(("a step", "to the same NDCG"), ratios) if ratio < BAR]
    row = [model, f"{step['ours']:.2f}", f"{step['RecBole']:.2f}", f"{ratios[0]:.1f}x"]
    row += [f"{value['ours']:.4f}", f"{value['RecBole']:.4f}", f"{target:.4f}"]
    row += [f"{reached[side]['seconds']:.2f} ({passes[side]})" for side in ("ours", "RecBole")]
    row += [f"{ratios[1]:.1f}x", " / ".join(f"{best[side]['before']:.1f}" for side in ("ours", "RecBole"))]
    return [*row, "MISSED: " + ", ".join(missed) if missed else "met"], not missed


def have_peer():
    """Whether the peer is installed in the version that the results are of. Names it when it is left out."""
    try:
        found = importlib.metadata.version("recbole")
    except importlib.metadata.PackageNotFoundError:
        found = None
    if found == VERSION:
        return True
    what = f"version {found} is installed" if found else "it is not installed"
    print(f"the peer RecBole {VERSION} is skipped, because {what}: pip install recbole=={VERSION} torch", file=sys.stderr)
    return False


def main():
    shared = os.environ.get("LEALAB_TEST_DATA", "../shared/data")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--bin", default="build/release/bin", help="folder of lealab")
    parser.add_argument("--data", default=f"{shared}/industry", help="folder of the interactions")
    parser.add_argument("--models", nargs="+", default=["GRU4Rec", "SASRec"], choices=["GRU4Rec", "SASRec"])
    parser.add_argument("--passes", type=int, default=8, help="over the training events, with a validation after each")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=0.005, help="Adam's learning rate of both")
    parser.add_argument("--dropout", type=float, default=0.25, help="rate of both")
    parser.add_argument("--eval-batch", type=int, default=256,
                        help="rows that RecBole ranks at a time: ours ranks 256, and its default of 4096 is slower")
    parser.add_argument("--print-only", action="store_true", help="write no file")
    options = parser.parse_args()
    kind = report.machine(options.bin)
    data = pathlib.Path(options.data).resolve()
    if not any(data.glob("interactions.tsv*")):
        sys.exit(f"{data} holds no interactions.tsv: name the folder of the interactions with --data")
    with_peer = have_peer()
    rounds, rows = measure(pathlib.Path(options.bin).resolve(), data, options, with_peer)
    steps = rows["every"] * options.passes
    table, all_met = [], True
    for model, sides in rounds.items():
        row, met = row_of(model, sides, steps)
        table.append(row)
        all_met = all_met and met
    header = ["model", "ours, ms a step", "RecBole", "ratio", "best NDCG@20, ours", "RecBole", "to be reached"]
    header += ["ours, s (passes)", "RecBole", "ratio", "before the first step, s", f"bars of {BAR:.0f}x"]
    text = f"""# Training with validations beside RecBole, on {data.name}

{report.provenance(kind)}; {versions_of(rounds) or f"RecBole {VERSION} is not installed"}.
Processor time on one thread from the first training step to the last validation, best of {options.rounds} rounds: {options.passes} passes
over {rows["train"]:,} training events, {steps:,} steps with batches of {BATCH}, and after each pass a validation of {rows["valid"]:,} events,
each ranked over {rows["items"]:,} items. "To be reached" is {SHARE:.0%} of the lower one of the two best values; the seconds go to the
first validation there. Learning rate {options.rate}, dropout {options.dropout}. Before the first step: the start of our worker / of RecBole, with its data.

{report.table(header, table)}
"""
    print(text)
    if with_peer and not options.print_only:
        print("Written to", report.write("recbole", kind, text))
    return 0 if all_met else 1


if __name__ == "__main__":
    sys.exit(main())
