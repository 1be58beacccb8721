#!/usr/bin/env python3
"""The same seeds give the same hashes in two builds: compare_builds.py FIRST SECOND [SEEDS]

FIRST and SECOND are `zoetrope` executables, SEEDS is A..B (default 1..24). Each profile's campaign runs once in each
build and a second time in the first. Where hashes differ, the first line in which the traces part is printed.
"""

import json
import subprocess
import sys
import tempfile
from itertools import zip_longest
from pathlib import Path

import tally

PROFILES = ("calm", "crash", "churn", "disk-faults", "ensemble", "ensemble-disk", "reconfig", "modes", "swarm")


def campaign(binary, profile, seeds):
    """(hash, runs, events) of a campaign; the runs are not judged here."""
    command = [binary, "sim", "--seeds", seeds, "--profile", profile, "--json", "--quiet", "--no-check"]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return found["hash"], found["runs"], found["events"]


def trace(binary, profile, seed, path):
    subprocess.run([binary, "sim", "--seed", str(seed), "--profile", profile, "--no-check", "--trace", path],
                   capture_output=True, check=True)
    return path.read_text(errors="replace").splitlines()


def first_divergence(binaries, profile, seeds):
    """A text that names the first seed and trace line where two builds part."""
    low, high = (int(end) for end in seeds.split(".."))
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(low, high + 1):
            traces = [trace(binary, profile, seed, Path(folder) / str(index)) for index, binary in enumerate(binaries)]
            for number, lines in enumerate(zip_longest(*traces), 1):
                if lines[0] != lines[1]:
                    return f"seed {seed}, profile {profile}, trace line {number}:\n    {lines[0]}\n    {lines[1]}"
    return f"profile {profile}: the traces are equal, the hashes are not"


def main():
    if len(sys.argv) not in (3, 4):
        print(__doc__, file=sys.stderr)
        return 2
    first, second = sys.argv[1:3]
    seeds = sys.argv[3] if len(sys.argv) == 4 else "1..24"
    passed = failed = 0
    for profile in PROFILES:
        results = {name: campaign(binary, profile, seeds)
                   for name, binary in [("first", first), ("again", first), ("second", second)]}
        for name, binaries in [("again", (first, first)), ("second", (first, second))]:
            if results[name] == results["first"]:
                passed += 1
                continue
            failed += 1
            print(first_divergence(binaries, profile, seeds))
        print("  {}: hash {}, {} runs, {} events".format(profile, *results["first"]))
    return tally.conclude(passed, failed)


if __name__ == "__main__":
    sys.exit(main())
