"""Means, 95 % intervals and marks of a small results table, from scipy and statistics.

Needs scipy. Writes table.json beside this file:  python3 make.py
"""
import json
import pathlib
import statistics

from scipy import stats

# (backbone, framework) -> NDCG@20 of each seed. Two rows agree in the printed digits of the best mean.
ROWS = {
    ("-", "popularity"): [0.0228],
    ("gru4rec", "supervised"): [0.0861, 0.0850, 0.0873],
    ("gru4rec", "snqn"): [0.0849, 0.0852],
    ("sasrec", "supervised"): [0.0801, 0.0812, 0.0797, 0.0806, 0.0809],
    ("sasrec", "sa2c"): [0.08611, 0.08613, 0.08612],
}


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
    document = {"rows": rows, "t_975": quantiles}
    path = pathlib.Path(__file__).with_name("table.json")
    path.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
