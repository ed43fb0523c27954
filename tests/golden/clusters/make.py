"""Paired differences of four rows over three splits, with intervals that resample sequences, from NumPy and SciPy.

Needs numpy and scipy. Writes clusters.json beside this file:  python3 make.py

120 sequences of one data set; half of them are in the test part of each split. A row prefers some sequences on every
split and with every seed, so that the events of a sequence are alike. The last row lacks one seed of split 3 and all of
split 6. The intervals resample whole sequences over all splits. For contrast there are those that resample the sequences
of each split on their own (`apart`) and single events (`events`): both are too narrow here.
"""
import json
import pathlib

import numpy as np
from scipy import stats

SPLITS = [2, 3, 6]
SEQUENCES = 120
RESAMPLES = 200_000
ROWS = {
    ("-", "popularity"): {2: [0], 3: [0], 6: [0]},
    ("sasrec", "snqn"): {2: [1, 2], 3: [1, 2], 6: [1, 2]},
    ("sasrec", "sa2c"): {2: [1, 2], 3: [1, 2], 6: [1, 2]},
    ("gru4rec", "sa2c"): {2: [1, 2], 3: [1]},
}
QUALITY = {"popularity": -1.5, "snqn": 0.0, "sa2c": 0.2}
REFERENCE = ("sasrec", "sa2c")


def ndcg(ranks):
    ranks = np.asarray(ranks, dtype=float)
    return np.where(ranks <= 20, 1 / np.log2(ranks + 1), 0.0)


def draw(random):
    length = random.geometric(0.3, SEQUENCES)
    tests = {split: np.flatnonzero(random.random(SEQUENCES) < 0.5) for split in SPLITS}
    ranks = {}
    for row, by_split in ROWS.items():
        preference = random.normal(0, 1.0, SEQUENCES)
        for split, seeds in by_split.items():
            of_event = np.repeat(tests[split], length[tests[split]])
            for seed in seeds:
                level = 2.2 - QUALITY[row[1]] - preference[of_event] + random.normal(0, 0.7, len(of_event))
                ranks[row, split, seed] = 1 + np.floor(np.exp(level)).astype(int)
    return length, tests, ranks


def two_sided(differences):
    low, high = np.quantile(differences, [0.025, 0.975])
    p = min(1.0, 2 * min((differences <= 0).mean(), (differences >= 0).mean()))
    return {"low": low, "high": high, "p": p}


def multinomial(random, units, matrices, resamples):
    """Sums of [units, columns] matrices over units drawn with replacement: [resamples, columns] each."""
    sums = [[] for _ in matrices]
    for _ in range(resamples // 2000):
        counts = random.multinomial(units, np.full(units, 1 / units), size=2000)
        for held, matrix in zip(sums, matrices):
            held.append(counts @ matrix)
    return [np.concatenate(held) for held in sums]


def in_pairs(row, length, tests, ranks, random):
    gain = {}  # split -> [seeds, events] differences
    left_out = []
    for split in SPLITS:
        mine, theirs = ROWS[row].get(split, []), ROWS[REFERENCE].get(split, [])
        pairs = [(a, b) for a in mine for b in theirs if a == b or a == 0]
        left_out += [[split, b] for b in theirs if b not in [pair[1] for pair in pairs]]
        if pairs:
            gain[split] = np.array([ndcg(ranks[row, split, a]) - ndcg(ranks[REFERENCE, split, b]) for a, b in pairs])
    splits = list(gain)
    means = np.array([gain[split].mean() for split in splits])
    half = stats.t.ppf(0.975, len(means) - 1) * means.std(ddof=1) / np.sqrt(len(means))

    sums, events = np.zeros((SEQUENCES, len(splits))), np.zeros((SEQUENCES, len(splits)))
    for column, split in enumerate(splits):
        of_event = np.repeat(tests[split], length[tests[split]])
        np.add.at(sums[:, column], of_event, gain[split].mean(axis=0))
        np.add.at(events[:, column], of_event, 1)
    tested = events.sum(axis=1) > 0
    sums, events = sums[tested], events[tested]
    a, b = multinomial(random, len(sums), [sums, events], RESAMPLES)
    over_sequences = two_sided((a / b).mean(axis=1))

    apart, alone = [], []
    for column, split in enumerate(splits):
        there = events[:, column] > 0
        a, b = multinomial(random, there.sum(), [sums[there, column], events[there, column]], 20_000)
        apart.append(a / b)
        per_event = gain[split].mean(axis=0)
        (a,) = multinomial(random, len(per_event), [per_event], 20_000)
        alone.append(a / len(per_event))
    return {
        "n": sum(len(gain[split]) for split in splits), "splits": splits, "left_out": left_out,
        "difference": means.mean(), "half_width": half, **over_sequences,
        "sequences": int(tested.sum()), "shared": int(((events > 0).sum(axis=1) > 1).sum()),
        "apart": two_sided(np.mean(apart, axis=0)), "events": two_sided(np.mean(alone, axis=0)),
    }


def main():
    random = np.random.default_rng(5)
    length, tests, ranks = draw(random)
    rows = []
    for row, by_split in ROWS.items():
        runs = [{"split": split, "seed": seed, "ndcg": ndcg(ranks[row, split, seed]).mean(),
                 "ranks": ranks[row, split, seed].tolist()} for split, seeds in by_split.items() for seed in seeds]
        rows.append({"backbone": row[0], "framework": row[1], "runs": runs})
        if row != REFERENCE:
            rows[-1]["in_pairs"] = in_pairs(row, length, tests, ranks, random)
    tests = {str(split): [[int(s), int(length[s])] for s in found] for split, found in tests.items()}
    path = pathlib.Path(__file__).with_name("clusters.json")
    path.write_text(json.dumps({"tests": tests, "rows": rows}) + "\n")


if __name__ == "__main__":
    main()
