"""Writes histories.tsv: what pandas makes of the histories of ../data/interactions.tsv.

Needs: python >= 3.9, pandas >= 2, numpy. Usage: make.py

One row for each training event of two splits, in data order: the split, the sequence, the logged item, the
last T = 5 items before it (comma-separated, oldest first), the last T items after it was appended, and
whether it is the last training event of its sequence.
"""
import importlib.util
import pathlib

import pandas as pd

HERE = pathlib.Path(__file__).parent
T = 5


def reader():
    spec = importlib.util.spec_from_file_location("interactions", HERE.parent / "data/make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def joined(shifted):
    """Rows of a frame of items, oldest column first, without what lies before a sequence's start."""
    return shifted.apply(lambda row: ",".join(row.dropna()), axis=1)


def histories(train):
    items = train.groupby("sequence").item_id
    return pd.DataFrame({
        "item": train.item_id,
        "history": joined(pd.concat([items.shift(k) for k in range(T, 0, -1)], axis=1)),
        "next": joined(pd.concat([items.shift(k) for k in range(T - 1, -1, -1)], axis=1)),
        "done": items.cumcount(ascending=False).eq(0).astype(int),
        "sequence": train.user_id,
    })


def main():
    data = reader()
    frame = data.ordered(data.read(HERE.parent / "data/interactions.tsv"))
    rows = []
    for by in ["sequence", "last_one"]:
        part = histories(frame[data.parts(frame, by) == 0])
        part.insert(0, "split", by)
        rows.append(part)
    columns = ["split", "sequence", "item", "history", "next", "done"]
    pd.concat(rows)[columns].to_csv(HERE / "histories.tsv", sep="\t", index=False)


if __name__ == "__main__":
    main()
