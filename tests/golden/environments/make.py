"""The bundled environments that are trained without a language model, computed again with NumPy, SciPy and
scikit-learn. Prints environments.json:

    python make.py > environments.json

Needs numpy, scipy and scikit-learn. Nothing here is taken from the C++ code except the random numbers of the
skip-gram, which are defined by core/api/types.h (mix, unit).
"""
import collections
import json
import sys

import numpy as np
import scipy.sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity

ITEMS, HISTORY = 40, 5


def make_sequences(random):
    """Walks within groups of items, with leaps; items 39 and 40 never occur."""
    sequences = []
    for _ in range(60):
        group = int(random.integers(4))
        sequence = []
        for _ in range(int(random.integers(2, 13))):
            if random.random() < 0.2:
                sequence.append(int(random.integers(1, 39)))
            else:
                sequence.append(1 + min(37, group * 10 + int(random.integers(10) * random.random())))
        sequences.append(sequence)
    return sequences


def make_texts(random):
    words = ["lamp", "oak", "chair", "steel", "blue", "white", "table", "red", "shelf", "small", "large", "Été",
             "desk", "cotton", "glass"]
    texts = []
    for item in range(ITEMS):
        kept = [words[min(14, int(random.integers(6)) + item // 4)] for _ in range(int(random.integers(1, 7)))]
        texts.append(" ".join(kept))
    texts[6] = ""
    return texts


def signs(left):
    """Of each column the element of greatest magnitude becomes positive."""
    at = np.abs(left).argmax(0)
    ordered = np.sort(np.abs(left), 0)
    assert (ordered[-1] - ordered[-2]).min() > 1e-6, "two elements tie for the greatest"
    return np.sign(left[at, np.arange(left.shape[1])])


def leading(matrix, width, power):
    """U S^power for the leading singular values, with that rule for the signs."""
    left, values, _ = np.linalg.svd(matrix)
    assert (values[:width] - values[1:width + 1]).min() > 1e-4, "two singular values tie"
    left = left[:, :width]
    return left * signs(left) * values[:width] ** power


def pair_counts(sequences, window):
    counts = collections.Counter()
    for sequence in sequences:
        for i, a in enumerate(sequence):
            for j, b in enumerate(sequence):
                if a != b and 0 < abs(i - j) <= window:
                    counts[a, b] += 1
    matrix = scipy.sparse.dok_matrix((ITEMS + 1, ITEMS + 1))
    for pair, count in counts.items():
        matrix[pair] = count
    return matrix.toarray()


def information(counts):
    """Pointwise mutual information; -inf for pairs that never occur."""
    p = counts / counts.sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(p / (p.sum(1, keepdims=True) * p.sum(0, keepdims=True))), p


def positive(values):
    return np.nan_to_num(np.maximum(values, 0), nan=0, posinf=0)


def weights(history, decay):
    raw = np.array([decay ** (len(history) - 1 - j) for j in range(len(history))])
    return raw / raw.sum()


def mean(history, rows, decay):
    if not history:
        return np.zeros(rows.shape[1])
    return weights(history, decay) @ rows[history]


def unit_rows(rows):
    """Rows of length 1. What is 0 but for rounding stays 0."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    share = length / length.max()
    assert not np.any((share > 1e-10) & (share < 1e-3)), "a row is neither 0 nor not"
    return np.divide(rows, length, out=np.zeros_like(rows), where=share > 1e-6)


def cosines(state, rows, items):
    if not np.any(state):
        return [0.0] * len(items)
    return cosine_similarity([state], rows[items])[0].tolist()


MASK = 2 ** 64 - 1


def scramble(x):
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def mix(a, b, c=0, d=0):
    value = 0
    for word in (a, b, c, d):
        value = scramble((value + word + 0x9E3779B97F4A7C15) & MASK)
    return value


def unit(bits):
    return (bits >> 11) * 2.0 ** -53


def skip_gram(sequences, width, window, negatives, epochs, learning_rate, seed):
    key = mix(0x736B69706772616D, seed)
    occurs = np.bincount(np.concatenate(sequences), minlength=ITEMS + 1)
    below = np.cumsum(occurs ** 0.75)
    v, u = np.zeros((ITEMS + 1, width)), np.zeros((ITEMS + 1, width))
    for item in range(ITEMS + 1):
        for d in range(width):
            if occurs[item]:
                v[item, d] = (unit(mix(key, 0, item * width + d)) - 0.5) / width
    pairs = [(s[i], s[j]) for s in sequences for i in range(len(s))
             for j in range(max(0, i - window), min(len(s), i + window + 1)) if s[i] != s[j]]
    step, total = 0, epochs * len(pairs)
    for _ in range(epochs):
        loss = 0
        for item, context in pairs:
            rate = learning_rate * max(1 - step / total, 1e-4)
            gradient = np.zeros(width)
            for k in range(negatives + 1):
                target = context if k == 0 else int(np.searchsorted(below, unit(mix(key, 1, step, k)) * below[-1],
                                                                    side="right"))
                if k > 0 and target == context:
                    continue
                label = 1.0 if k == 0 else 0.0
                sigma = 1 / (1 + np.exp(-(v[item] @ u[target])))
                loss -= np.log(sigma if k == 0 else 1 - sigma)
                gradient += rate * (label - sigma) * u[target]
                u[target] += rate * (label - sigma) * v[item]
            v[item] += gradient
            step += 1
    return unit_rows(v), loss / len(pairs)


def main():
    random = np.random.default_rng(5)
    sequences, texts = make_sequences(random), make_texts(random)
    histories = [[]] + [s[max(0, len(s) - 1 - int(random.integers(1, HISTORY + 1))):len(s) - 1] for s in sequences[:11]]
    histories += [[39], [7, 40, 7]]
    actions = [[int(random.integers(1, ITEMS + 1)) for _ in range(4)] for _ in histories]
    cases = []

    def case(plugin, params, rewards, states=None, **more):
        cases.append({"plugin": plugin, "params": params, "rewards": [list(map(float, row)) for row in rewards],
                      "states": None if states is None else [row.tolist() for row in states], **more})

    # Co-occurrence: both measures, two windows and decays.
    for window, decay, width, measure in [(5, 0.8, 8, "npmi"), (2, 0.5, 6, "cosine"), (3, 0.0, 4, "npmi")]:
        counts = pair_counts(sequences, window)
        pmi, p = information(counts)
        with np.errstate(divide="ignore", invalid="ignore"):
            npmi = positive(np.where(counts > 0, pmi / -np.log(p), 0))
        row = counts.sum(1)
        cosine = np.divide(counts, np.sqrt(np.outer(row, row)), out=np.zeros_like(counts), where=counts > 0)
        association = npmi if measure == "npmi" else cosine
        vectors = leading(positive(pmi), width, 0.5)
        case("cooccurrence", {"window": window, "decay": decay, "width": width, "measure": measure},
             [mean(h, association, decay)[a] for h, a in zip(histories, actions)],
             [mean(h, vectors, decay) for h in histories])

    # Vectors of the shifted information, and of the skip-gram.
    for window, negatives, decay, width in [(5, 2, 0.8, 8), (4, 1, 1.0, 5)]:
        pmi, _ = information(pair_counts(sequences, window))
        vectors = unit_rows(leading(positive(pmi - np.log(negatives)), width, 0.5))
        states = [mean(h, vectors, decay) for h in histories]
        case("item_vectors", {"method": "svd", "window": window, "negatives": negatives, "decay": decay,
                              "width": width},
             [cosines(s, vectors, a) for s, a in zip(states, actions)], states)
    settings = {"width": 6, "window": 2, "negatives": 3, "epochs": 2, "learning_rate": 0.2, "seed": 9}
    vectors, loss = skip_gram(sequences, **settings)
    states = [mean(h, vectors, 0.8) for h in histories]
    case("item_vectors", {"method": "skip_gram", **settings},
         [cosines(s, vectors, a) for s, a in zip(states, actions)], states, loss=float(loss))

    # TF-IDF of the texts. Row 0 is padding.
    for pairs, sublinear, least, decay, width in [(True, True, 2, 1.0, 6), (False, False, 1, 0.7, 5)]:
        vectorizer = TfidfVectorizer(ngram_range=(1, 2 if pairs else 1), min_df=least, sublinear_tf=sublinear)
        rows = vectorizer.fit_transform(texts).toarray()
        rows = np.vstack([np.zeros(rows.shape[1]), rows])
        projected = leading(rows, width, 1)
        case("text_tfidf", {"texts": "title", "pairs": pairs, "sublinear": sublinear, "min_documents": least,
                            "decay": decay, "width": width},
             [cosines(mean(h, rows, decay), rows, a) for h, a in zip(histories, actions)],
             [mean(h, projected, decay) for h in histories])

    occurs = np.bincount(np.concatenate(sequences), minlength=ITEMS + 1)
    for scale, values in [("log", np.log1p(occurs) / np.log1p(occurs.max())), ("share", occurs / occurs.sum())]:
        case("environment_popularity", {"scale": scale}, [values[a] for a in actions])

    json.dump({"items": ITEMS, "history": HISTORY, "sequences": sequences, "texts": texts, "histories": histories,
               "actions": actions, "cases": cases}, sys.stdout, indent=None, separators=(",", ":"))
    print()


main()
