"""Means, 95 % intervals and marks of a small results table, from scipy, NumPy and statistics.

Needs scipy. Writes table.json beside this file:  python3 make.py
"""
import json
import pathlib
import statistics

import numpy as np
from scipy import stats

# (backbone, framework) -> NDCG@20 of each seed. Two rows agree in the printed digits of the best mean.
ROWS = {
    ("-", "popularity"): [0.0228],
    ("gru4rec", "supervised"): [0.0861, 0.0850, 0.0873],
    ("gru4rec", "snqn"): [0.0849, 0.0852],
    ("sasrec", "supervised"): [0.0801, 0.0812, 0.0797, 0.0806, 0.0809],
    ("sasrec", "sa2c"): [0.08611, 0.08613, 0.08612],
}

# (backbone, framework) -> seed of the split -> NDCG@20 of the seeds 1, 2 ... (of the one run of a baseline). The last
# row lacks two runs: one seed of split 3, and all of split 6.
SPLITS = {
    ("-", "popularity"): {2: [0.0228], 3: [0.0301], 6: [0.0189]},
    ("sasrec", "snqn"): {2: [0.0801, 0.0812], 3: [0.0913, 0.0902], 6: [0.0707, 0.0731]},
    ("sasrec", "sa2c"): {2: [0.0822, 0.0814], 3: [0.0931, 0.0944], 6: [0.0741, 0.0733]},
    ("gru4rec", "sa2c"): {2: [0.0841, 0.0833], 3: [0.0925]},
}


def summary(by_split):
    """Each split counts once: mean and t interval of the splits' means."""
    means = np.array([np.mean(values) for values in by_split.values()])
    half = stats.t.ppf(0.975, len(means) - 1) * means.std(ddof=1) / np.sqrt(len(means))
    return {"mean": means.mean(), "half_width": half, "n": sum(len(values) for values in by_split.values())}


def pairs(a, b):
    """Differences of equal split and seed; a baseline's one run is paired with every run on its split."""
    differences = {}
    for split in sorted(set(a) & set(b)):
        n = max(len(a[split]), len(b[split]))
        left, right = (np.resize(row[split], n) if len(row[split]) == 1 and row is SPLITS["-", "popularity"]
                       else np.array(row[split]) for row in (a, b))
        common = min(len(left), len(right))
        differences[split] = left[:common] - right[:common]
    return differences


def over_splits():
    best = SPLITS["sasrec", "sa2c"]
    rows = []
    for (backbone, framework), by_split in SPLITS.items():
        row = {"backbone": backbone, "framework": framework, "values": by_split, **summary(by_split)}
        if by_split is not best:
            row["in_pairs"] = summary(pairs(by_split, best))
        rows.append(row)
    return rows


def main():
    rows = []
    for (backbone, framework), values in ROWS.items():
        n = len(values)
        row = {"backbone": backbone, "framework": framework, "values": values,
               "mean": statistics.fmean(values), "half_width": None, "deviation": None}
        if n > 1:
            low, high = stats.t.interval(0.95, n - 1, loc=row["mean"], scale=stats.sem(values))
            row["half_width"] = (high - low) / 2
            row["deviation"] = statistics.stdev(values)
        rows.append(row)
    printed = sorted({f"{row['mean']:.4f}" for row in rows}, reverse=True)
    for row in rows:
        mean = f"{row['mean']:.4f}"
        row["mark"] = "best" if mean == printed[0] else "second" if mean == printed[1] else ""
    quantiles = {str(df): float(stats.t.ppf(0.975, df)) for df in (1, 2, 3, 4, 9, 29, 1000)}
    document = {"rows": rows, "splits": over_splits(), "t_975": quantiles}
    path = pathlib.Path(__file__).with_name("table.json")
    path.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
