"""What the scripts for ranks of other systems share: the split's events, the ranks, the file, and the messages.

A script describes its system by an object and calls run(). The object has

    title                         a name for the last line, such as "BERT4Rec of RecBole"
    items                         names of the items that it scores, in the order of its scores
    check_training(split)         raises Refusal if it was trained on test events of the split
    scores(sequences, histories)  a list of scores, one for each of `items`, for each history. A history is the numbers
                                  of its items in `items`, oldest first, and never empty; `sequences` names the
                                  sequence of each

This file needs nothing but Python.
"""

import argparse
import contextlib
import csv
import itertools
import json
import math
import os
import pathlib
import sys

BAD_INPUT, ENVIRONMENT = 3, 4  # exit codes, as in core/base/error.h
BATCH = 256  # histories that are scored at once
SHOWN = 5  # names in a message
PARTS = ("train", "valid", "test")


class Refusal(Exception):
    """Ends the script with one message."""

    def __init__(self, message, code=BAD_INPUT):
        super().__init__(message)
        self.code = code


def counted(number, noun):
    return f"{number} {noun}" + ("" if number == 1 else "s")


def listed(names):
    """The first names in backticks, and how many others there are."""
    shown = ", ".join(f"`{name}`" for name in names[:SHOWN])
    return shown + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


def first_line(error):
    """Of an exception of another library, what is for people."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


class Split:
    """The folder that `lealab data export NAME --out FOLDER` writes with a split, in either format.

    name, fingerprint  of the data set, of the split
    items              the names of all items
    parts              train, valid and test: the items of each sequence in that part, oldest first
    """

    def __init__(self, folder):
        record = self._record(folder)
        self.name, self.fingerprint = record["data"], record["split_fingerprint"]
        self.items = [row[0] for row in self._rows(folder / "items.map.tsv")]
        tsv = (folder / "interactions.tsv").exists()
        whole = self._sequences(folder / ("interactions.tsv" if tsv else f"{self.name}.inter"))
        self.parts = {part: self._sequences(folder / (f"{part}.tsv" if tsv else f"{self.name}.{part}.inter"))
                      for part in PARTS}
        for sequence, items in whole.items():
            if items != [item for part in PARTS for item in self.part(sequence, part)]:
                raise Refusal(f"{folder}: the parts of sequence `{sequence}` are not all of its events. Export again.")

    def part(self, sequence, part):
        return self.parts[part].get(sequence, [])

    def before_test(self, sequence):
        return self.part(sequence, "train") + self.part(sequence, "valid")

    def events(self):
        """Yields (sequence, position, history, target) of each test event."""
        for sequence, test in self.parts["test"].items():
            before = self.before_test(sequence)
            for place, target in enumerate(test):
                yield sequence, len(before) + place, before + test[:place], target

    @staticmethod
    def _record(folder):
        path = folder / "split.json"
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise Refusal(f"{path}: cannot be read: {first_line(error)}. It is a part of "
                          "`lealab data export NAME --out FOLDER` with a split, such as --split-by last_one.") from error
        keys = ("data", "split_fingerprint")
        if not isinstance(record, dict) or not all(isinstance(record.get(key), str) for key in keys):
            raise Refusal(f"{path}: must be an object with {listed(keys)}. Export again.")
        return record

    @staticmethod
    def _rows(path):
        try:
            with open(path, encoding="utf-8", newline="\n") as file:
                lines = file.read().split("\n")[1:]
        except (OSError, UnicodeDecodeError) as error:
            raise Refusal(f"{path}: cannot be read: {first_line(error)}") from error
        rows = [line.split("\t") for line in lines if line]
        for number, row in enumerate(rows, 2):
            if len(row) < 2:
                raise Refusal(f"{path}:{number}: must have columns separated by tabs. Export again.")
        return rows

    @classmethod
    def _sequences(cls, path):
        sequences = {}
        for sequence, item, *_ in cls._rows(path):
            sequences.setdefault(sequence, []).append(item)
        return sequences


def rank(row, target, seen):
    """Returns rank, ties, rank_unseen and ties_unseen of an item, as docs/results.md defines them. `row` has the scores of
    all items, `target` and `seen` are numbers of items in it, and `seen` are those of the history."""
    own = row[target]
    above, equal = sum(score > own for score in row), row.count(own) - 1
    others = [row[item] for item in seen if item != target]
    seen_above, seen_equal = sum(score > own for score in others), others.count(own)
    return above + 1, equal, above + 1 - seen_above, equal - seen_equal


class Ranking:
    """Ranks the test events of a split by a system. Items that it does not know stand last, tied."""

    def __init__(self, split, system):
        self.split, self.system = split, system
        self.without_history = 0
        known = set(system.items)
        self.unknown = [item for item in split.items if item not in known]
        self.number = {item: i for i, item in enumerate([*system.items, *self.unknown])}

    def check_items(self, allow_unknown):
        items, theirs = self.split.items, self.system.items
        names = set(items)
        extra = [item for item in theirs if item not in names]
        if len(self.unknown) == len(items):
            raise Refusal(f"the model has other item names: none of the {len(items)} of the data set, such as "
                          f"{listed(items)}, is among its {len(theirs)}, such as {listed(theirs)}")
        if extra:
            raise Refusal(f"the model knows {counted(len(extra), 'item')} that the data set lacks: {listed(extra)}. It was "
                          "trained on other data; train it on what `lealab data export` writes.")
        if self.unknown and not allow_unknown:
            raise Refusal(f"the model does not know {len(self.unknown)} of the {len(items)} items: {listed(self.unknown)}. "
                          "--unknown-items last ranks them after all others, tied.")

    def rows(self):
        """Yields the rows of the file."""
        events = self.split.events()
        while batch := list(itertools.islice(events, BATCH)):
            for (sequence, position, history, target), scores in zip(batch, self._scores(batch)):
                seen = {self.number[item] for item in history}
                yield (sequence, position, target, *rank(scores, self.number[target], seen), self.split.fingerprint)

    def _scores(self, batch):
        """The scores of all items for each event. Without a history all are equal."""
        theirs = len(self.system.items)
        histories = [[n for n in map(self.number.get, history) if n < theirs] for _, _, history, _ in batch]
        filled = [i for i, history in enumerate(histories) if history]
        self.without_history += len(batch) - len(filled)
        scored = self.system.scores([batch[i][0] for i in filled], [histories[i] for i in filled]) if filled else []
        rows = [[0.0] * len(self.number)] * len(batch)
        for i, scores in zip(filled, scored):
            if any(map(math.isnan, scores)):
                raise Refusal(f"the model gives a score that is no number for sequence `{batch[i][0]}`, "
                              f"position {batch[i][1]}")
            rows[i] = scores + [-math.inf] * len(self.unknown)
        return rows

    def summary(self, events):
        text = (f"{counted(events, 'event')} of {self.split.name}, split {self.split.fingerprint[:12]}, "
                f"ranked among {counted(len(self.number), 'item')} by {self.system.title}")
        if self.unknown:
            text += f"; {counted(len(self.unknown), 'item')} unknown to it and ranked last"
        if self.without_history:
            text += f"; {counted(self.without_history, 'event')} without a history that it knows, in which all items tie"
        return text


def csv_text(text):
    """Protects text that a spreadsheet would run as a formula, as csv_field of core/base/csv.h does."""
    return "'" + text if text[:1] in tuple("=+-@\t\r'") else text


def write(path, rows):
    """Writes the file, which gets its name when it is complete. Returns the number of rows."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    count = 0
    try:
        with open(temporary, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow("sequence position target rank ties rank_unseen ties_unseen split_fingerprint".split())
            for count, (sequence, position, target, *rest) in enumerate(rows, 1):
                writer.writerow([csv_text(sequence), position, csv_text(target), *rest])
        os.replace(temporary, path)
    except OSError as error:
        raise Refusal(f"{path}: cannot be written: {error.strerror}", ENVIRONMENT) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()
    return count


def parser(description):
    """The options that all scripts have."""
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--model", type=pathlib.Path, required=True, help="the file of the trained model")
    options.add_argument("--split", type=pathlib.Path, required=True,
                         help="the folder that `lealab data export NAME --out FOLDER --split-by ...` wrote")
    options.add_argument("--out", type=pathlib.Path, required=True, help="the CSV file for `lealab import ranks`")
    options.add_argument("--unknown-items", choices=("refuse", "last"), default="refuse",
                         help="what to do with items that the model does not know (default: refuse)")
    return options


def run(options, load):
    """Ranks the events of options.split by the system load(options, split), and ends the script."""
    try:
        split = Split(options.split)
        system = load(options, split)
        ranking = Ranking(split, system)
        ranking.check_items(options.unknown_items == "last")
        system.check_training(split)
        events = write(options.out, ranking.rows())
    except Refusal as refusal:
        print(f"{pathlib.Path(sys.argv[0]).name}: {refusal}", file=sys.stderr)
        sys.exit(refusal.code)
    print(f"{options.out}: {ranking.summary(events)}")
