#!/usr/bin/python3
"""Compares Zoetrope with Java ZooKeeper 3.8.0 and with the least possible server, in one run.

The rows named 3-* and 5-* are those of ensembles. All servers of a row stand side by side on loopback with the same
durability; the load generator is `zoetrope bench`. Each row is measured in alternating slices (A B C A B C ...), so
that a noisy machine is unfair to nobody, and medians are compared. Processor time an operation is the steadiest
figure. Run one row alone by --rows NAME.
"""

import argparse
import contextlib
import fnmatch
import json
import os
import platform
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import contenders
import tables
from ensembles import ALONE
from rows import ROWS
from server_rows import ZNODES

HEADROOM_FILES = 65536


class Run:
    """One comparison: the servers that stand during all of it, and what the rows ask of it."""

    def __init__(self, options, directory):
        self.seconds = options.seconds
        self.slices = options.slices
        self.warm_seconds = options.warm
        self.znodes = options.znodes
        self.rate = options.rate
        self.kinds = options.contenders
        self.directory = directory
        self.made = []
        self.standing = {}  # all of one shape
        self.standing_shape = ALONE
        self.full = {}
        self.missing = {}  # contender -> why it cannot run

    # --- servers ---

    def make(self, kind, config=None, shape=ALONE):
        """A contender that is not started: one server, or an ensemble when the shape is one."""
        made = shape.make(kind, self.directory, config)
        self.made.append(made)
        return made

    @contextlib.contextmanager
    def fresh(self, kind, shape=ALONE):
        made = self.make(kind, shape=shape)
        try:
            yield made.start()
        finally:
            made.discard()

    def stands(self, kind, shape=ALONE):
        """The contender of a kind that stands until a row asks for another shape."""
        if shape != self.standing_shape:
            for server in self.standing.values():
                server.discard()
            self.standing, self.standing_shape = {}, shape
        if kind not in self.standing:
            self.standing[kind] = self.make(kind, shape=shape).start()
        return self.standing[kind]

    def kept_full(self, kind):
        """A server with all the znodes, filled once."""
        if kind not in self.full:
            server = self.make(kind).start()
            self.bench(server, "--workload", "fill", "--count", self.znodes, "--multi-size", 100, "--keep",
                       "--root", "/fill")
            self.full[kind] = server
        return self.full[kind]

    def drop_full(self):
        for server in self.full.values():
            server.discard()
        self.full.clear()

    def end(self):
        for server in self.made:
            server.discard()

    # --- load ---

    def bench(self, server, *arguments):
        """One run of the load generator; its report. An operation with an error makes the figures worthless."""
        command = [contenders.Ours.binary, "bench", server.address, "--json", "--quiet", "--pids", server.pids,
                   *arguments]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        if done.returncode != 0:
            why = done.stderr.strip() or json.loads(done.stdout)["errors"]
            raise RuntimeError(f"{server.name}: {why}")
        return json.loads(done.stdout)

    def engine_bench(self):
        """{workload: operations a second} of the engine alone."""
        binary = contenders.Ours.binary.parent / "bench/engine_bench"
        if not binary.exists():
            raise contenders.Unavailable(f"{binary} is not built (./dev build)")
        done = subprocess.run([str(binary), str(min(self.seconds, 2))], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
        reports = [json.loads(line) for line in done.stdout.splitlines()]
        return {report["workload"]: report["operations_a_second"] for report in reports}

    def warm(self, row, kind):
        """Java compiles while it runs: a while of the row's own load on it, a moment on the others."""
        seconds = self.warm_seconds if kind == "java" else min(1, self.warm_seconds)
        if seconds > 0:
            self.bench(self.stands(kind, row.shape), *row.measure.arguments, "--seconds", seconds, "--warmup", 0)

    # --- rows ---

    def available(self, row):
        return [kind for kind in row.contenders if kind in self.kinds and kind not in self.missing]

    def attempt(self, kind, action):
        """The action's value, or None when the contender cannot run; it is left out from then on."""
        try:
            return action()
        except contenders.Unavailable as why:
            self.missing[kind] = str(why)
            say(f"{kind} is left out: {why}")
            return None

    def measure(self, row):
        """{figure name: {contender: [value of each slice]}}"""
        values = {figure.name: {} for figure in row.figures}
        if row.shared and hasattr(row.measure, "arguments"):
            for kind in self.available(row):
                self.attempt(kind, lambda kind=kind: self.warm(row, kind))
        slices = min(self.slices, row.slices_max)
        for number in range(slices):
            for kind in self.available(row):
                say(f"{row.name}: slice {number + 1} of {slices}, {kind}", lasting=False)
                measured = self.attempt(kind, lambda kind=kind: self.measure_slice(row, kind)) or {}
                for name in values:
                    value = measured.get(name)
                    if value is not None:
                        values[name].setdefault(kind, []).extend(value if isinstance(value, list) else [value])
        return values

    def measure_slice(self, row, kind):
        return row.measure(self, self.stands(kind, row.shape) if row.shared else kind)


def say(text, lasting=True):
    """Progress, on a terminal only; lasting lines always."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="\n" if lasting else "", file=sys.stderr, flush=True)
    elif lasting:
        print(text, file=sys.stderr, flush=True)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", help="comma separated names or patterns (3-*); all of them by default")
    parser.add_argument("--list", action="store_true", help="list the rows")
    parser.add_argument("--seconds", type=float, default=3, help="length of a slice (default 3)")
    parser.add_argument("--slices", type=int, default=5, help="slices of each server (default 5)")
    parser.add_argument("--warm", type=float, default=15, help="seconds of load on Java before each row (default 15)")
    parser.add_argument("--znodes", type=int, default=ZNODES, help="znodes in memory, restart and snapshot")
    parser.add_argument("--rate", type=int, default=3000, help="writes a second in snapshot (default 3000)")
    parser.add_argument("--contenders", default="java,ours,recorded,limit", help="which servers (default java,ours,recorded,limit)")
    parser.add_argument("--binary", help="the zoetrope executable (default build/release/zoetrope)")
    parser.add_argument("--directory", help="where the servers keep their data; a disk, not memory")
    parser.add_argument("--json", metavar="FILE", help="write everything measured there")
    options = parser.parse_args()
    names = [row.name for row in ROWS]
    patterns = options.rows.split(",") if options.rows else ["*"]
    for pattern in patterns:
        if not fnmatch.filter(names, pattern):
            parser.error(f"no row '{pattern}'; --list names them all")
    options.rows = [name for name in names if any(fnmatch.fnmatch(name, pattern) for pattern in patterns)]
    options.contenders = options.contenders.split(",")
    for name in options.contenders:
        if name not in contenders.KINDS:
            parser.error(f"no contender '{name}'; there are {', '.join(contenders.KINDS)}")
    if options.slices < 1 or options.seconds < 0.1:
        parser.error("--slices is at least 1 and --seconds at least 0.1")
    if options.binary:
        contenders.Ours.binary = Path(options.binary).resolve()
    if not os.path.exists(contenders.Ours.binary):
        parser.error(f"{contenders.Ours.binary} is not there: ./dev build makes it")
    return options


def in_memory(directory):
    """True when a directory lies on a file system without a disk, where a sync costs nothing."""
    done = subprocess.run(["stat", "-f", "-c", "%T", directory], capture_output=True, text=True)
    return done.stdout.strip() in ("tmpfs", "ramfs")


def machine():
    with open("/proc/cpuinfo") as file:
        models = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    return {"cores": os.cpu_count(), "cpu": models[0] if models else "unknown", "kernel": platform.release(),
            "load_before": os.getloadavg()[0]}


def compare(options, directory):
    run = Run(options, directory)
    results = []
    facts = machine()
    try:
        for row in [row for row in ROWS if row.name in options.rows]:
            try:
                values = run.measure(row)
            except (RuntimeError, OSError, KeyError) as why:
                say(f"{row.name}: failed: {why}")
                results.append(tables.failed(row, str(why)))
                continue
            results.append(tables.result(row, values))
            say(tables.row_lines(results[-1]))
    finally:
        run.end()
    return {"machine": facts, "seconds": run.seconds, "slices": run.slices, "missing": run.missing, "rows": results}


def main():
    options = parse_options()
    if options.list:
        for row in ROWS:
            print(f"{row.name:20} {row.title}: {', '.join(figure.label for figure in row.figures)}")
        return 0
    # Servers inherit the limit; each connection is a file on both sides.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(HEADROOM_FILES, hard), hard))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    directory = tempfile.mkdtemp(prefix="zoetrope-compare-", dir=options.directory)
    if in_memory(directory):
        say(f"{directory} lies in memory: figures of writes mean nothing; give --directory on a disk")
    try:
        everything = compare(options, directory)
    except KeyboardInterrupt:
        return 130
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    print(tables.table(everything))
    if options.json:
        with open(options.json, "w") as file:
            json.dump(everything, file, indent=1)
            file.write("\n")
    return 0 if tables.musts_met(everything) else 1


if __name__ == "__main__":
    sys.exit(main())
