"""Shared by the benchmark drivers: the machine's name, tables, and files under bench/results."""

import datetime
import pathlib
import platform
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def machine():
    """Returns a short name of the machine for file names, and a description of it for tables."""
    info = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*:\s*(.*)", info)
    model = model.group(1) if model else platform.machine()
    flags = set((re.search(r"flags\s*:\s*(.*)", info) or [None, ""])[1].split())
    vector = next((f for f in ("avx512f", "avx2", "avx") if f in flags), "no AVX")
    cores = len(re.findall(r"^processor\s*:", info, re.M))
    memory = int(re.search(r"MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text())[1])
    name = re.sub(r"[^a-z0-9]+", "-", f"{model} {cores} cores".lower()).strip("-")
    return name, f"{model}, {cores} cores, {vector}, {memory / 2**20:.0f} GiB"


def revision():
    """Returns the commit, with a + if the tree differs from it."""
    git = ["git", "-C", str(ROOT), "describe", "--always", "--dirty=+", "--abbrev=10"]
    found = subprocess.run(git, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


def provenance():
    """Returns one line for the head of a file of results: machine, revision, date and command."""
    command = shlex.join(["python3", f"bench/{pathlib.Path(sys.argv[0]).name}", *sys.argv[1:]])
    return f"{machine()[1]}; revision {revision()}; {datetime.date.today()}; `{command}`"


def table(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join(lines)


def write(topic, text):
    """Writes bench/results/TOPIC-MACHINE.md and returns its path."""
    path = ROOT / "bench" / "results" / f"{topic}-{machine()[0]}.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    return path
