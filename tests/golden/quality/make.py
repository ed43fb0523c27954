"""The figures of an environment's quality and what they are compared with, computed again with NumPy and
scikit-learn. Prints quality.json:

    python make.py > quality.json

Needs numpy and scikit-learn. Nothing here is taken from the C++ code.
"""
import collections
import json
import math
import sys

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import RidgeCV
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import cosine_similarity

PENALTIES = [0.001, 0.01, 0.1, 1.0, 10.0]
ITEMS, WINDOW, DECAY = 8, 5, 0.8


def rounded(values):
    return np.round(np.asarray(values, dtype=float), 12).tolist()


def make_statistics(random):
    """Scores of 150 events of 40 sequences, on a coarse grid, so that some are equal."""
    sequence = np.sort(random.integers(0, 40, 150))
    sequence = np.unique(sequence, return_inverse=True)[1]
    of_sequence = random.normal(0, 1, sequence.max() + 1)[sequence]
    grid = lambda values: np.round(values * 4) / 4
    positive = grid(0.6 + of_sequence + random.normal(0, 1, 150))
    negative = grid(random.normal(0, 1, 150))
    other = grid(random.normal(0.1, 1, 150))  # another rule's scores of the negatives

    better = lambda a, b: (a > b) + 0.5 * (a == b)
    accuracy = better(positive, negative)
    against = better(positive, other)
    labels = np.repeat([1, 0], 150)
    auc = lambda chosen: roc_auc_score(labels, np.concatenate([positive, negative]), sample_weight=np.tile(chosen, 2))

    count = sequence.max() + 1
    means, gains, areas = [], [], []
    for _ in range(20000):
        weight = np.bincount(random.integers(0, count, count), minlength=count)[sequence].astype(float)
        means.append(np.average(accuracy, weights=weight))
        gains.append(np.average(accuracy - against, weights=weight))
        if len(areas) < 3000:
            areas.append(auc(weight))
    return {
        "sequence": sequence.tolist(), "positive": positive.tolist(), "negative": negative.tolist(),
        "other": other.tolist(), "accuracy": accuracy.mean(), "gain": (accuracy - against).mean(),
        "auc": auc(np.ones(150)), "accuracy_error": np.std(means, ddof=1), "auc_error": np.std(areas, ddof=1),
        "gain_low": np.quantile(gains, 0.025), "gain_high": np.quantile(gains, 0.975)}


def make_probe(random, rows, width, targets, noise):
    x = random.normal(0, 1, (rows, width)) * np.linspace(0.1, 3, width) + 1
    x[:, 0] = 2  # a coordinate without any information
    map_ = random.normal(0, 1, (width, targets))
    y = x @ map_ + noise * random.normal(0, 1, (rows, targets)) + 5
    new = random.normal(0, 1, (4, width))
    deviation = x.std(0)
    deviation[deviation == 0] = 1
    fit = RidgeCV(alphas=[rows * penalty for penalty in PENALTIES])
    fit.fit((x - x.mean(0)) / deviation, y)
    return {"inputs": rounded(x), "targets": rounded(y), "new": rounded(new), "penalty": fit.alpha_ / rows,
            "predicted": rounded(fit.predict((new - x.mean(0)) / deviation))}


def weights(length):
    power = DECAY ** np.arange(length - 1, -1, -1.0)
    return power / power.sum()


def association(sequences):
    counts = np.zeros((ITEMS + 1, ITEMS + 1))
    for sequence in sequences:
        for i, a in enumerate(sequence):
            for j, b in enumerate(sequence):
                if a != b and abs(i - j) <= WINDOW:
                    counts[a, b] += 1
    total = counts.sum()
    result = np.zeros_like(counts)
    for a, b in zip(*np.nonzero(counts)):
        share = counts[a, b] / total
        result[a, b] = max(0, math.log(share / (counts[a].sum() / total * counts[:, b].sum() / total)) / -math.log(share))
    return result


def make_baselines(random):
    sequences = [[int(item) for item in 1 + (random.integers(0, 4, length) + 4 * (s % 2)) % ITEMS]
                 for s, length in enumerate(random.integers(3, 9, 14))]
    sequences[3] = [1, 5, 1, 2, 8, 1, 2, 6]  # pairs that stand in no other sequence
    texts = ["red lamp", "red oak lamp", "", "oak table red", "blue glass", "blue glass lamp", "table", "oak oak table"]
    vectors = random.normal(0.5, 1, (ITEMS, 6))
    own, end = 3, 5
    history = sequences[own][end - 4:end]  # at most four items
    weight = weights(len(history))
    scores_of = lambda table: sum(w * table[item] for w, item in zip(weight, history))[1:]
    counts = collections.Counter(item for sequence in sequences for item in sequence)
    rows = TfidfVectorizer(ngram_range=(1, 2), min_df=2, max_features=60000, sublinear_tf=True).fit_transform(texts).toarray()
    at = [item - 1 for item in history]
    centred = vectors - vectors.mean(0)
    return {
        "sequences": sequences, "texts": texts, "vectors": rounded(vectors), "own": own, "end": end,
        "scores": {
            "popularity": [counts[item] for item in range(1, ITEMS + 1)],
            "cooccurrence": rounded(scores_of(association(sequences))),
            "cooccurrence_without_own": rounded(scores_of(association(sequences[:own] + sequences[own + 1:]))),
            "text": rounded(cosine_similarity(rows[at].mean(0, keepdims=True), rows)[0]),
            "tokens": rounded(cosine_similarity(centred[at].mean(0, keepdims=True), centred)[0])}}


random = np.random.default_rng(1)
json.dump({"statistics": make_statistics(random),
           "probes": [make_probe(random, 60, 8, 3, 0.5), make_probe(random, 15, 25, 4, 3.0)],
           "baselines": make_baselines(random)}, sys.stdout)
print()
