"""V-SkNN in NumPy on the Industry data: figures of the plugin's own choices (its defaults, and the dot product), and
those of the variants that its description (Ludewig and Jannach, UMUAI 2018) and session-rec's weights leave open.
Needs numpy; reads the folder that is its argument (interactions.tsv.gz, split.tsv) and prints the JSON that is kept in
vsknn.json. Takes a minute.

The plugin's defaults were chosen by the published test figures, and these do not single them out. A wider search came
before (73,920 combinations with 8,734 different results: also other scales of popularity and norms, samples of
candidates, longer histories, ties at the last neighbour cut, weights shifted by a step); 375 combinations with 30
different results were within .0005 of all four figures. What nearly all of them share is 100 neighbours and a
division by the root of a sequence's length; how positions and neighbours weigh stays open. Of the two in this script
the plugin takes the one that does not weigh neighbours beside their similarity.
"""
import gzip
import itertools
import json
import math
import sys

import numpy as np

HISTORY = 10
POPULARITY = 1e-4
PUBLISHED = [0.147, 0.059, 0.156, 0.088]
POSITION = {  # weight of the item at position p (from 0) of a history of L
    "div": lambda p, L: (p + 1) / L,
    "linear": lambda p, L: max(0, 1 - 0.1 * (L - 1 - p)),
    "same": lambda p, L: 1,
    "log": lambda p, L: 1 / math.log10(L - p + 0.7),
    "quadratic": lambda p, L: ((p + 1) / L) ** 2,
}
NEIGHBOUR = {  # weight of a neighbour whose latest shared item is s steps back (from 1)
    "same": lambda s: np.ones_like(s, dtype=float),
    "linear": lambda s: np.maximum(0, 1 - 0.1 * s),
    "div": lambda s: 1 / s,
    "log": lambda s: 1 / np.log10(s + 1.7),
    "quadratic": lambda s: 1 / s**2,
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
        self.items = items
        self.held = [np.unique(s) for s in train]  # a sequence is a binary vector
        self.distinct = np.array([len(h) for h in self.held])
        self.popularity = np.bincount(np.concatenate(train), minlength=items) * POPULARITY
        holders = [[] for _ in range(items)]
        for i, held in enumerate(self.held):
            for item in held:
                holders[item].append(i)
        self.holders = [np.array(h, dtype=np.int64) for h in holders]

    def score(self, history, position, neighbour, similarity, k):
        L = len(history)
        if L == 0:
            return self.popularity
        shared, latest, square = np.zeros(len(self.held)), np.full(len(self.held), -1), 0
        last = {item: p for p, item in enumerate(history)}  # a repeated item counts at its latest position
        for item, p in sorted(last.items(), key=lambda pair: -pair[1]):
            holders, weight = self.holders[item], POSITION[position](p, L)
            shared[holders] += weight
            square += weight**2
            latest[holders[latest[holders] < 0]] = p
        found = np.nonzero(latest >= 0)[0]
        near = shared[found]
        if similarity == "cosine":
            near = near / np.sqrt(square * self.distinct[found])
        if len(found) > k:
            kept = near >= np.partition(near, -k)[-k] - 1e-12
            found, near = found[kept], near[kept]
        if len(found) == 0:
            return self.popularity
        weight = near * NEIGHBOUR[neighbour](L - latest[found])
        items = np.concatenate([self.held[i] for i in found])
        return self.popularity + np.bincount(items, np.repeat(weight, self.distinct[found]), self.items)


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
variants = {choice: measure(model, test, *choice)
            for choice in itertools.product(POSITION, NEIGHBOUR, ["cosine", "dot"], [100, 200, 500])}
columns = list(zip(*variants.values()))
print(json.dumps({
    "columns": ["hr@20", "ndcg@20", "hr@20 unseen", "ndcg@20 unseen"],
    "published": PUBLISHED,
    "plugin": variants["div", "same", "cosine", 100],
    "dot, decay 0.1, k 500": variants["div", "linear", "dot", 500],
    "variants": len(variants),
    "least": [min(column) for column in columns],
    "greatest": [max(column) for column in columns],
    "within .0005 of all published": [
        " ".join(map(str, choice)) for choice, figures in variants.items()
        if all(abs(a - b) <= 0.0005 for a, b in zip(figures, PUBLISHED))],
}, indent=1))
