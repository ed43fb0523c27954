"""Writes interactions.tsv (synthetic) and expected.json: what pandas makes of filters, order and splits.

Needs: python >= 3.9, pandas >= 2, numpy. Usage: make.py [FOLDER]
FOLDER may hold further data sets (FOLDER/NAME/interactions.tsv.gz); of those only digests are written.

The digest of a variant is the sha256 of its lines `user item time part`, tab-separated, in data order:
sequences in order of first appearance, each by time, ties in file order.
"""
import hashlib
import json
import pathlib
import sys

import numpy as np
import pandas as pd

HERE = pathlib.Path(__file__).parent
MASK = (1 << 64) - 1


def synthesize(path):
    """Interleaved users, equal timestamps, times that fall in the file, repeated items, short sequences."""
    random = np.random.default_rng(7)
    rows = []
    for user in range(40):
        for _ in range(int(random.integers(1, 14))):
            item = int(random.zipf(1.4)) % 60
            rows.append((f"u{user}", f"i{item}", int(random.integers(0, 50)), ["click", "buy"][random.random() < 0.2]))
    random.shuffle(rows)
    frame = pd.DataFrame(rows, columns=["user_id", "item_id", "timestamp", "behaviour"])
    frame.to_csv(path, sep="\t", index=False)


def read(path):
    return pd.read_csv(path, sep="\t", dtype={"user_id": str, "item_id": str, "timestamp": float},
                       keep_default_na=False)


def filtered(frame, min_sequence, min_item, stable):
    while True:
        before = len(frame)
        frame = frame[frame.groupby("user_id").item_id.transform("size") >= min_sequence]
        frame = frame[frame.groupby("item_id").user_id.transform("size") >= min_item]
        if not stable or len(frame) == before:
            return frame


def ordered(frame):
    frame = frame.copy()
    frame["sequence"] = pd.factorize(frame.user_id)[0]  # numbers by first appearance
    return frame.sort_values(["sequence", "timestamp"], kind="stable").reset_index(drop=True)


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def shuffled(count, seed):
    """Fisher-Yates on SplitMix64 from a mixed seed, drawing again below 2^64 mod bound."""
    golden = 0x9E3779B97F4A7C15
    key, counter = mix((seed + golden) & MASK), 0
    order = list(range(count))
    for i in range(count, 1, -1):
        while True:
            counter += 1
            value = mix((key + golden * counter) & MASK)
            if value >= (1 << 64) % i:
                break
        j = value % i
        order[i - 1], order[j] = order[j], order[i - 1]
    return order


def parts(frame, by):
    n = len(frame)
    if by == "last_one":
        size = frame.groupby("sequence").item_id.transform("size")
        left = size - 1 - frame.groupby("sequence").cumcount()
        return np.where((size >= 3) & (left == 0), 2, np.where((size >= 3) & (left == 1), 1, 0))
    if by == "time":
        times = np.sort(frame.timestamp.to_numpy())
        valid_from, test_from = times[int(0.8 * n + 1e-9)], times[int(0.9 * n + 1e-9)]
        return (frame.timestamp >= valid_from).to_numpy() * 1 + (frame.timestamp >= test_from).to_numpy() * 1
    count = frame.sequence.nunique()
    order = shuffled(count, 1)
    part = np.full(count, 2)
    part[order[: int(0.9 * count + 1e-9)]] = 1
    part[order[: int(0.8 * count + 1e-9)]] = 0
    return part[frame.sequence]


def variant(frame, by):
    part = parts(frame, by)
    names = np.array(["train", "valid", "test"])[part]
    lines = "".join(f"{u}\t{i}\t{int(t)}\t{p}\n" for u, i, t, p in
                    zip(frame.user_id, frame.item_id, frame.timestamp, names))
    train, test = frame[part == 0], frame[part == 2]
    return {"counts": [int((part == p).sum()) for p in range(3)],
            "sha256": hashlib.sha256(lines.encode()).hexdigest(),
            "unseen": int((~test.item_id.isin(train.item_id)).sum()),
            "older": int((test.timestamp < train.timestamp.max()).sum())}


def expected(path, filters, splits):
    result = {}
    for name, (min_sequence, min_item, stable) in filters.items():
        frame = ordered(filtered(read(path), min_sequence, min_item, stable))
        lengths = frame.groupby("sequence").size()
        same = frame.sequence.eq(frame.sequence.shift())
        result[name] = {
            "items": int(frame.item_id.nunique()), "sequences": int(frame.sequence.nunique()), "events": len(frame),
            "mean": float(lengths.mean()), "median": float(lengths.median()),
            "min": int(lengths.min()), "max": int(lengths.max()),
            "repeats": int(frame.duplicated(["sequence", "item_id"]).sum()),
            "equal_times": int((same & frame.timestamp.eq(frame.timestamp.shift())).sum()),
            "splits": {by: variant(frame, by) for by in splits},
        }
    return result


def main():
    synthesize(HERE / "interactions.tsv")
    filters = {"none": (0, 0, False), "once": (3, 5, False), "stable": (3, 5, True)}
    everything = ["sequence", "last_one", "time"]
    result = {"synthetic": expected(HERE / "interactions.tsv", filters, everything)}
    if len(sys.argv) > 1:
        folder = pathlib.Path(sys.argv[1])
        only = {"none": (0, 0, False), "stable": (6, 6, True)}
        result["industry"] = expected(folder / "industry/interactions.tsv.gz", only, ["sequence", "last_one"])
        result["music_radio"] = expected(folder / "music_radio/interactions.tsv.gz", only, everything)
    (HERE / "expected.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
