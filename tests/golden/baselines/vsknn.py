"""V-SkNN in NumPy on the Industry data: figures of the plugin's own choices, and the range over the variants that
its description (Ludewig and Jannach, UMUAI 2018) leaves open. Needs numpy; reads the folder that is its argument
(interactions.tsv.gz, split.tsv) and prints the JSON that is kept in vsknn.json. Takes three minutes.
"""
import gzip
import itertools
import json
import math
import sys

import numpy as np

HISTORY = 10
POPULARITY = 1e-4
POSITION = {  # weight of the item at position p (from 0) of a history of L
    "div": lambda p, L: (p + 1) / L,
    "linear": lambda p, L: max(0, 1 - 0.1 * (L - p)),
    "one": lambda p, L: 1,
    "log": lambda p, L: 1 / math.log10(L - p + 1.7),
    "inverse": lambda p, L: 1 / (L - p),
    "quadratic": lambda p, L: ((p + 1) / L) ** 2,
}
NEIGHBOUR = {  # weight of a neighbour whose latest shared item is s steps back (from 1)
    "linear": lambda s: np.maximum(0, 1 - 0.1 * s),
    "linear from 0": lambda s: np.maximum(0, 1 - 0.1 * (s - 1)),
    "inverse": lambda s: 1 / s,
    "one": lambda s: np.ones_like(s, dtype=float),
}


def read(folder):
    part = dict(line.split("\t") for line in open(folder + "/split.tsv").read().splitlines()[1:])
    sequences = {}
    with gzip.open(folder + "/interactions.tsv.gz", "rt") as file:
        next(file)
        for line in file:
            user, item = line.split("\t")[:2]
            sequences.setdefault(user, []).append(int(item))
    items = max(map(max, sequences.values())) + 1
    train = [np.array(s) for u, s in sequences.items() if part[u] == "train"]
    return items, train, [s for u, s in sequences.items() if part[u] == "test"]


class VsKnn:
    def __init__(self, items, train):
        self.items, self.train = items, train
        self.length = np.array([len(s) for s in train])
        self.distinct = np.array([len(set(s)) for s in train])
        self.popularity = np.bincount(np.concatenate(train), minlength=items) * POPULARITY
        holders = [[] for _ in range(items)]
        for i, sequence in enumerate(train):
            for item in set(sequence.tolist()):
                holders[item].append(i)
        self.holders = [np.array(h, dtype=np.int64) for h in holders]

    def score(self, history, position, neighbour, normalise, k):
        L = len(history)
        if L == 0:
            return self.popularity
        similarity, latest = np.zeros(len(self.train)), np.full(len(self.train), -1)
        last = {item: p for p, item in enumerate(history)}  # a repeated item counts at its latest position
        for item, p in sorted(last.items(), key=lambda pair: -pair[1]):
            holders = self.holders[item]
            similarity[holders] += POSITION[position](p, L)
            latest[holders[latest[holders] < 0]] = p
        found = np.nonzero(latest >= 0)[0]
        if normalise:
            similarity[found] /= np.sqrt(self.distinct[found])
        if len(found) > k:
            found = found[similarity[found] >= np.partition(similarity[found], -k)[-k]]
        if len(found) == 0:
            return self.popularity
        weight = similarity[found] * NEIGHBOUR[neighbour](L - latest[found])
        items = np.concatenate([self.train[i] for i in found])
        return self.popularity + np.bincount(items, np.repeat(weight, self.length[found]), self.items)


def measure(model, test, *choice):
    """HR@20, NDCG@20, and both among the items that the sequence has not had; ties against the target."""
    ranks = []
    for sequence in test:
        for t, target in enumerate(sequence):
            ahead = (score := model.score(sequence[max(0, t - HISTORY):t], *choice)) >= score[target]
            seen = sum(1 for item in set(sequence[:t]) if item != target and ahead[item])
            ranks.append((ahead.sum(), ahead.sum() - seen))
    ranks = np.array(ranks)
    figures = []
    for column in ranks.T:
        hit = column <= 20
        figures += [hit.mean(), (hit / np.log2(column + 1)).mean()]
    return [round(float(x), 6) for x in figures]


items, train, test = read(sys.argv[1])
model = VsKnn(items, train)
variants = [measure(model, test, *choice)
            for choice in itertools.product(POSITION, NEIGHBOUR, [False, True], [100, 200, 500])]
print(json.dumps({
    "columns": ["hr@20", "ndcg@20", "hr@20 unseen", "ndcg@20 unseen"],
    "plugin": measure(model, test, "div", "linear", False, 500),
    "variants": len(variants),
    "least": [min(column) for column in zip(*variants)],
    "greatest": [max(column) for column in zip(*variants)],
}, indent=1))
