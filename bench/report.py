"""What the benchmark drivers share: the machine's kind, tables, and files under bench/results."""

import datetime
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def machine(programs, threads=1):
    """The machine's kind, as the worker that stands in a folder of programs defines it (core/base/machine.h):
    {"machine_kind": ..., "short": ..., "cpu": ..., ...}. A build of core/lm alone has no worker; its bench_lm answers."""
    folder = pathlib.Path(programs).resolve()
    for command in ([folder / "lealab-worker", "machine"], [folder / "bench_lm", "--machine"]):
        if not command[0].exists():
            continue
        asked = [*map(str, command), "--threads", str(threads)]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{shlex.join(asked)} failed: {done.stderr.strip()}")
        return json.loads(done.stdout)
    sys.exit(f"{folder} holds neither lealab-worker nor bench_lm: name a build's folder of programs with --bin")


def revision():
    """The commit, with + when the tree differs from it."""
    git = ["git", "-C", str(ROOT), "describe", "--always", "--dirty=+", "--abbrev=10"]
    found = subprocess.run(git, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


def provenance(kind):
    """Where, of what, when and how a result came to be: one sentence for the head of its file. `kind` is machine()'s."""
    command = shlex.join(["python3", f"bench/{pathlib.Path(sys.argv[0]).name}", *sys.argv[1:]])
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    where = f"{kind['cpu']}: {kind['machine_kind']}; {os.cpu_count()} processors, {memory:.0f} GiB"
    return f"{where}; revision {revision()}; {datetime.date.today()}; `{command}`"


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join(lines)


def write(topic, kind, text):
    """Writes bench/results/TOPIC-MACHINE.md and returns its path."""
    path = ROOT / "bench" / "results" / f"{topic}-{kind['short']}.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path
