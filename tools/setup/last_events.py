#!/usr/bin/env python3
"""last_events.py SOURCE TARGET COUNT: writes a data set of RecBole's format with the last COUNT events of each user.

SOURCE and TARGET are folders NAME with NAME.inter and NAME.item. Events of one second keep the order of the file, as
`lealab data import` reads them. All items stay.
"""

import pathlib
import shutil
import sys


def column(header, name):
    names = [field.split(":")[0] for field in header.split("\t")]
    return names.index(name)


def main():
    source, target, count = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
    header, *lines = (source / f"{source.name}.inter").read_text(encoding="utf-8").splitlines()
    user, time = column(header, "user_id"), column(header, "timestamp")
    places = {}  # of the lines of each user
    for place, line in enumerate(lines):
        places.setdefault(line.split("\t")[user], []).append(place)
    kept = []
    for own in places.values():
        own.sort(key=lambda place: float(lines[place].split("\t")[time]))  # stable
        kept += own[-count:]
    target.mkdir(parents=True)
    text = "\n".join([header, *(lines[place] for place in sorted(kept))]) + "\n"
    (target / f"{target.name}.inter").write_text(text, encoding="utf-8")
    shutil.copyfile(source / f"{source.name}.item", target / f"{target.name}.item")


if __name__ == "__main__":
    main()
