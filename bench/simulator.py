#!/usr/bin/python3
"""Compares the simulator with a bare event loop, SimGrid and SimPy, in one run on one core.

Each row is measured in alternating slices (ours, bare, SimGrid, SimPy, ours ...) and medians are compared. All
figures are by processor time, so that a busy machine is unfair to nobody. SimGrid is Debian's; its development
package cannot be installed beside the Boost that this project needs, so that it is unpacked under build/simgrid.
"""

import argparse
import fnmatch
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from compare import machine, say
from goals import Figure, all_hold, value_at_least, value_at_most
from tables import WORDS

ROOT = Path(__file__).resolve().parent.parent
TITLES = {"ours": "ours", "bare": "bare loop", "simgrid": "SimGrid", "simpy": "SimPy"}


class Unavailable(Exception):
    """A program cannot run here; the message says why."""


class Programs:
    """What is run, and for how long."""

    def __init__(self, build, seconds):
        self.build = build
        self.seconds = seconds
        self.simgrid_binary = None

    def run(self, *command):
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{command[0]}: {done.stderr.strip() or done.stdout.strip()[-500:]}")
        return done.stdout

    def json(self, *command):
        return json.loads(self.run(*command))

    def ours(self, row):
        return self.json(self.build / "bench/sim_speed", self.seconds, row)

    def bare(self):
        return self.json(self.build / "bench/bare_events", self.seconds)

    def simpy(self):
        if subprocess.run([sys.executable, "-c", "import simpy"], capture_output=True).returncode != 0:
            raise Unavailable("SimPy is not installed (apt-get install python3-simpy3)")
        return self.json(sys.executable, ROOT / "bench/simpy_messages.py", int(100_000 * self.seconds))

    def simgrid(self):
        if self.simgrid_binary is None:
            self.simgrid_binary = build_simgrid(ROOT / "build/simgrid")
        return self.json(self.simgrid_binary, int(200_000 * self.seconds))

    def cpu_of(self, *command):
        """Processor seconds of a command that succeeds or finds a violation."""
        before = os.times()
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        if done.returncode > 1:
            raise RuntimeError(done.stderr.strip())
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system


def build_simgrid(directory):
    """The program of bench/simgrid_messages.cpp, built where it is not yet."""
    binary, source = directory / "simgrid_messages", ROOT / "bench/simgrid_messages.cpp"
    if binary.exists() and binary.stat().st_mtime > source.stat().st_mtime:
        return binary
    include = directory / "usr/include"
    if not include.exists():
        raise Unavailable(f"{include} is not there (./dev bench simulator unpacks libsimgrid-dev)")
    libraries = sorted(Path("/usr/lib").glob("*/libsimgrid.so.*"))
    if not libraries:
        raise Unavailable("SimGrid is not installed (apt-get install libsimgrid3.32)")
    done = subprocess.run(["g++", "-std=c++17", "-O2", f"-I{include}", str(source), "-o", str(binary), str(libraries[0])],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise Unavailable(f"SimGrid's program does not compile: {done.stderr.strip()[:300]}")
    return binary


# --- what a slice measures: {figure name: value} ---

def ours_rates(row):
    def measure(programs):
        report = programs.ours(row)
        seconds = report["cpu_s"]
        return {"events": report["events"] / seconds, "messages": report["deliveries"] / seconds,
                "speed": report["virtual_s"] / seconds, "operations": report["operations"] / report["virtual_s"],
                "faults": report["faults"] / report["virtual_s"], "seeds": report["runs"] / seconds * 3600,
                "hours": report["virtual_s"] / seconds}
    return measure


def rates_of(name):
    def measure(programs):
        report = getattr(programs, name)()
        return {kind: report[f"{kind}_a_second"] for kind in ("events", "messages") if f"{kind}_a_second" in report}
    return measure


def tracing(programs):
    """The same seeds with and without a trace file; so many operations that the start of the program is little."""
    binary = programs.build / "zoetrope"
    if "--save " not in programs.run(binary, "sim", "--help"):
        raise Unavailable("this zoetrope saves no traces")
    used = {False: 0.0, True: 0.0}
    seed = 0
    with tempfile.TemporaryDirectory() as directory:
        while used[False] < programs.seconds:
            seed += 1
            command = (binary, "sim", "--seed", seed, "--profile", "ensemble", "--operations", 4000, "--quiet")
            for saves in (seed % 2 == 0, seed % 2 != 0):
                used[saves] += programs.cpu_of(*command, *(("--save", f"{directory}/trace") if saves else ()))
    return {"cost": used[True] / used[False]}


@dataclass(frozen=True)
class Row:
    name: str
    title: str
    figures: tuple
    measures: dict  # contender -> measure


def speed_row(name, title, must, aim):
    return Row(name, title, (
        Figure("speed", "virtual time to real time", "times", (value_at_least(must),), (value_at_least(aim),)),
        Figure("operations", "operations a virtual second", "count"),
        Figure("faults", "faults a virtual second", "count")), {"ours": ours_rates(name)})


MESSAGES = "messages that arrive, a second"
ROWS = [
    Row("messages", "3 servers, 16 busy clients, checkers off", (
        Figure("messages", MESSAGES, "per_second", (value_at_least(0.5e6),), (value_at_least(1e6),)),
        Figure("events", "events a second", "per_second")),
        {"ours": ours_rates("busy"), "bare": rates_of("bare"), "simgrid": rates_of("simgrid"),
         "simpy": rates_of("simpy")}),
    Row("messages-checked", "the same, checkers on", (
        Figure("messages", MESSAGES, "per_second", (value_at_least(0.15e6),), (value_at_least(0.3e6),)),),
        {"ours": ours_rates("busy-checked")}),
    Row("idle-3", "3 idle servers", (
        Figure("speed", "virtual time to real time", "times", (value_at_least(1e4),), (value_at_least(1e5),)),),
        {"ours": ours_rates("idle-3")}),
    speed_row("faults-3", "3 servers under faults", 300, 1000),
    speed_row("faults-5", "5 servers under faults", 300, 1000),
    Row("swarm", "swarm campaign, checkers on", (
        Figure("seeds", "seeds a core-hour", "count"), Figure("hours", "virtual hours a core-hour", "count")),
        {"ours": ours_rates("swarm")}),
    Row("tracing", "a run with its trace saved", (
        Figure("cost", "processor time to one without", "ratio", (value_at_most(1.2),), ()),), {"ours": tracing}),
]


def measure(row, programs, slices, missing):
    """{figure name: {contender: [value of each slice]}}"""
    values = {figure.name: {} for figure in row.figures}
    for number in range(slices):
        for kind, action in row.measures.items():
            if (row.name, kind) in missing:
                continue
            say(f"{row.name}: slice {number + 1} of {slices}, {kind}", lasting=False)
            try:
                measured = action(programs)
            except Unavailable as why:
                missing[row.name, kind] = str(why)
                say(f"{row.name}: {TITLES[kind]} is left out: {why}")
                continue
            for name in values:
                if name in measured:
                    values[name].setdefault(kind, []).append(measured[name])
    return values


def result(row, values):
    figures = []
    for figure in row.figures:
        medians = {kind: statistics.median(slices) for kind, slices in values[figure.name].items()}
        figures.append({"name": figure.name, "medians": medians, "slices": values[figure.name],
                        "must_met": all_hold(figure.must, medians) if figure.must else None,
                        "aim_met": all_hold(figure.aim, medians) if figure.aim else None})
    return {"name": row.name, "figures": figures}


def cells(row, entry):
    lines = []
    for figure, values in zip(row.figures, entry["figures"]):
        medians = values["medians"]
        shown = []
        for kind in TITLES:
            text = figure.show(medians.get(kind))
            if kind != "ours" and kind in medians and "ours" in medians:
                text += f" ({medians['ours'] / medians[kind]:.2g}x)"
            shown.append(text)
        goals = [f"{bounds[0].text(figure)} {WORDS[values[met]]}" if bounds else ""
                 for bounds, met in ((figure.must, "must_met"), (figure.aim, "aim_met"))]
        lines.append([row.title if not lines else "", figure.label, *shown, *goals])
    return lines


def table(everything):
    by_name = {row.name: row for row in ROWS}
    lines = [["world", "figure", *TITLES.values(), "must", "aim"]]
    for entry in everything["rows"]:
        lines += cells(by_name[entry["name"]], entry)
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    facts = everything["machine"]
    head = (f"one core of {facts['cores']}, {facts['cpu']}, Linux {facts['kernel']}; medians of {everything['slices']} "
            f"slices of {everything['seconds']:g} s of processor time; in brackets: ours to theirs")
    body = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines]
    return "\n".join([head, body[0], "-" * len(body[0]), *body[1:]])


def parse_options():
    parser = argparse.ArgumentParser(prog="simulator.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="*", help="comma separated names or patterns; all of them by default")
    parser.add_argument("--list", action="store_true", help="list the rows")
    parser.add_argument("--seconds", type=float, default=3, help="processor time of a slice (default 3)")
    parser.add_argument("--slices", type=int, default=5, help="slices of each (default 5)")
    parser.add_argument("--build", type=Path, default=ROOT / "build/release", help="default: build/release")
    parser.add_argument("--json", metavar="FILE", help="write everything measured there")
    options = parser.parse_args()
    names = [row.name for row in ROWS]
    patterns = options.rows.split(",")
    for pattern in patterns:
        if not fnmatch.filter(names, pattern):
            parser.error(f"no row '{pattern}'; --list names them all")
    options.rows = [row for row in ROWS if any(fnmatch.fnmatch(row.name, pattern) for pattern in patterns)]
    if options.slices < 1 or options.seconds < 0.1:
        parser.error("--slices is at least 1 and --seconds at least 0.1")
    if not options.list and not (options.build / "bench/sim_speed").exists():
        parser.error(f"{options.build}/bench/sim_speed is not there: ./dev build makes it")
    return options


def main():
    options = parse_options()
    if options.list:
        for row in ROWS:
            print(f"{row.name:17} {row.title}: {', '.join(figure.label for figure in row.figures)}")
        return 0
    programs, missing, results = Programs(options.build, options.seconds), {}, []
    facts = machine()
    for row in options.rows:
        results.append(result(row, measure(row, programs, options.slices, missing)))
    everything = {"machine": facts, "seconds": options.seconds, "slices": options.slices, "rows": results,
                  "missing": {"/".join(key): why for key, why in missing.items()}}
    print(table(everything))
    if options.json:
        Path(options.json).write_text(json.dumps(everything, indent=1) + "\n")
    return 1 if any(figure["must_met"] is False for entry in results for figure in entry["figures"]) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (RuntimeError, OSError) as failure:
        print(f"simulator.py: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
