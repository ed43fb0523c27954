"""Writes expected.json: scores of 60 events over 40 items and the metrics that follow from them.

Needs: python >= 3.9, numpy, ranx. Usage: make.py

`distinct` has no ties in a row: the metrics are ranx's own. `tied` has: the target is put last among
its equals (pessimistic), first (optimistic), or at each of their places in turn, and the mean of those is
taken (expected); ranx scores every one of these rankings.
"""
import json
import pathlib

import numpy as np
from ranx import Qrels, Run, evaluate

CUTS = [1, 3, 5, 10]
NAMES = {"hit_rate": "hr", "ndcg": "ndcg", "mrr": "mrr"}


def ranx_metrics(order, target):
    """`order`: [events, items] items from best to worst."""
    events, items = order.shape
    qrels = Qrels({f"q{e}": {f"i{target[e]}": 1} for e in range(events)})
    run = Run({f"q{e}": {f"i{order[e, r]}": float(items - r) for r in range(items)} for e in range(events)})
    found = evaluate(qrels, run, [f"{name}@{k}" for name in NAMES for k in CUTS])
    return {f"{NAMES[name.split('@')[0]]}@{name.split('@')[1]}": float(value) for name, value in found.items()}


def ranking(scores, target, place):
    """Orders by score, with the target behind place(ties) of its `ties` equals."""
    order = np.empty(scores.shape, dtype=int)
    for e, row in enumerate(scores):
        others = [i for i in np.argsort(-row, kind="stable") if i != target[e]]
        above = sum(row[i] > row[target[e]] for i in others)
        ties = sum(row[i] == row[target[e]] for i in others)
        at = above + place(ties)
        order[e] = others[:at] + [target[e]] + others[at:]
    return order


def main():
    random = np.random.default_rng(11)
    target = random.integers(0, 40, 60)
    distinct = np.stack([random.permutation(40) for _ in range(60)])
    distinct[np.arange(60), target] += random.integers(0, 25, 60)  # lift the targets ...
    distinct = distinct * 2
    distinct[np.arange(60), target] += 1  # ... and keep them apart from the others
    tied = random.integers(0, 8, (60, 40))
    tied[np.arange(60), target] = np.minimum(7, tied[np.arange(60), target] + 2)
    expected = {}
    for e in range(60):
        ties = int((tied[e] == tied[e, target[e]]).sum()) - 1
        for place in range(ties + 1):
            found = ranx_metrics(ranking(tied[e : e + 1], target[e : e + 1], lambda _: place), target[e : e + 1])
            for name, value in found.items():
                expected[name] = expected.get(name, 0.0) + value / (ties + 1) / 60
    document = {
        "target": target.tolist(),
        "distinct": {"scores": distinct.tolist(), "any": ranx_metrics(ranking(distinct, target, lambda t: 0), target)},
        "tied": {
            "scores": tied.tolist(),
            "optimistic": ranx_metrics(ranking(tied, target, lambda t: 0), target),
            "pessimistic": ranx_metrics(ranking(tied, target, lambda t: t), target),
            "expected": expected,
        },
    }
    path = pathlib.Path(__file__).parent / "expected.json"
    path.write_text(json.dumps(document, separators=(",", ":")).replace("],[", "],\n[") + "\n")


if __name__ == "__main__":
    main()
