#!/usr/bin/env python3
"""Plants each bug of properties/mutants in a scratch copy of the tree and runs what must catch it.

A bug is caught when the property or the test that its file names goes red; that another one does is not enough.
Prints one line a mutant. Exit status 1 when one survives, does not apply or does not build.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import mutant_files
import source_text
from mutant_files import ASSERTION, MutantError

FIRST_BATCH, LARGEST_BATCH = 8, 1024
BASELINE_SEEDS = "1..16"
BASELINE_EXPLORE_SECONDS = 20
FAILURES_SEEN = 10


@dataclass
class Outcome:
    """What became of one mutant. `seed` is the first that shows it; the times are those of the runs alone."""

    caught: bool = False
    seed: int = 0
    virtual_ms: int = 0
    seconds: float = 0.0
    others: dict = field(default_factory=dict)  # other things that went red -> first seed
    trouble: str = ""


class Scratch:
    """A copy of the tree's files with a build folder of its own, so that only what a mutant touches is built anew."""

    def __init__(self, root, folder):
        self.root, self.folder = root, folder
        self.tree, self.build = folder / "tree", folder / "tree/build/release"
        self.jobs = os.environ.get("ZT_JOBS", str(os.cpu_count()))
        self.configured = False

    def restore(self):
        """Makes the copy equal to the tree; files that are equal keep their times, so they are not compiled again."""
        wanted = {path.relative_to(self.root): path for path in source_text.files(self.root)}
        for path in self.tree.rglob("*") if self.tree.exists() else []:
            relative = path.relative_to(self.tree)
            if path.is_file() and relative.parts[0] != "build" and relative not in wanted:
                path.unlink()
        for relative, path in wanted.items():
            copy = self.tree / relative
            if copy.exists() and copy.read_bytes() == path.read_bytes():
                continue
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
            shutil.copymode(path, copy)

    def make(self, targets, log):
        """Builds targets. Raises MutantError with the end of the output, which is in the file `log`."""
        commands = [["cmake", "--build", str(self.build), "-j", self.jobs, *(word for t in targets for word in ("--target", t))]]
        if not self.configured:
            commands.insert(0, ["cmake", "--preset", "release"])
        with log.open("w") as out:
            for command in commands:
                if subprocess.run(command, cwd=self.tree, stdout=out, stderr=subprocess.STDOUT).returncode != 0:
                    out.flush()
                    end = "\n".join(log.read_text().splitlines()[-15:])
                    raise MutantError(f"does not build; the whole output is in {log}\n{end}")
        self.configured = True

    def program(self, target):
        found = [path for path in self.build.rglob(target) if path.is_file() and os.access(path, os.X_OK)]
        if len(found) != 1:
            raise MutantError(f"the build has left {len(found)} programs called {target}")
        return found[0]


def run_batch(program, profile, first, last, seconds):
    """One campaign: (runs, virtual ms, {property: first seed that broke it}); None when the time was up."""
    command = [str(program), "sim", "--seeds", f"{first}..{last}", "--profile", profile, "--json", "--quiet",
               "--stop-after", str(FAILURES_SEEN)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=max(seconds, 1))
    except subprocess.TimeoutExpired:
        return None
    if done.returncode == 1 and "broken invariant" in done.stderr:
        seed = int(re.search(r"--seed (\d+)", done.stderr).group(1))
        return seed - first + 1, 0, {ASSERTION: seed}
    if done.returncode not in (0, 1):
        raise MutantError(f"zoetrope sim ended with status {done.returncode}: {done.stderr.strip()[-500:]}")
    report, broken = json.loads(done.stdout), {}
    for failure in report["failures"]:
        for violation in failure["violations"]:
            broken[violation["property"]] = min(failure["seed"], broken.get(violation["property"], failure["seed"]))
    return report["runs"], report["virtual_ms"], broken


def hunt(program, mutant, budget):
    """Growing batches of seeds until the named property is broken or the budget in seconds is spent."""
    outcome, begin, first, size = Outcome(), time.monotonic(), 1, FIRST_BATCH
    while not outcome.caught and time.monotonic() - begin < budget:
        batch = run_batch(program, mutant.where, first, first + size - 1, budget - (time.monotonic() - begin))
        if batch is None:
            break
        runs, virtual_ms, broken = batch
        outcome.virtual_ms += virtual_ms
        if mutant.what in broken:
            outcome.caught, outcome.seed = True, broken.pop(mutant.what)
        for name, seed in broken.items():
            outcome.others.setdefault(name, seed)
        first, size = first + runs, min(size * 2, LARGEST_BATCH)
    outcome.seconds = time.monotonic() - begin
    if not outcome.caught:
        outcome.trouble = f"{first - 1} seeds of {mutant.where} in {outcome.seconds:.0f} s do not break {mutant.what}"
    return outcome


def run_test(program, mutant, budget):
    """Runs the named unit test; a test that does not exist catches nothing."""
    outcome, begin = Outcome(), time.monotonic()
    command = [str(program), f"--gtest_filter={mutant.what}"]
    try:
        done = subprocess.run(command, cwd=program.parent, capture_output=True, text=True, errors="replace", timeout=budget)
    except subprocess.TimeoutExpired:
        outcome.trouble = f"{mutant.what} did not end within {budget} s"
        return outcome
    outcome.seconds = time.monotonic() - begin
    if "Running 1 test from" not in done.stdout:
        raise MutantError(f"{program.name} has no test {mutant.what}")
    outcome.caught = done.returncode != 0
    outcome.trouble = "" if outcome.caught else f"{mutant.what} passes"
    return outcome


def run_exploration(program, mutant, budget):
    """Explores the named scope until it breaks the named property, or for as long as the budget lasts."""
    outcome, begin = Outcome(), time.monotonic()
    command = [str(program), "explore", "--scope", mutant.where, "--seconds", str(budget), "--json", "--quiet"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=2 * budget + 60)
    except subprocess.TimeoutExpired:
        outcome.trouble = f"explore did not end within {2 * budget + 60} s"
        return outcome
    outcome.seconds = time.monotonic() - begin
    if "broken invariant" in done.stderr:
        broken = ASSERTION
    elif done.returncode in (0, 1):
        broken = json.loads(done.stdout).get("property")
    else:
        raise MutantError(f"zoetrope explore ended with status {done.returncode}: {done.stderr.strip()[-500:]}")
    outcome.caught = broken == mutant.what
    if broken and not outcome.caught:
        outcome.others[broken] = 0
    outcome.trouble = "" if outcome.caught else f"no order of {mutant.where} breaks {mutant.what} within {outcome.seconds:.0f} s"
    return outcome


RUNNERS = {"sim": hunt, "explore": run_exploration, "unit": run_test}


def catch(scratch, mutant, budget):
    """Plants one mutant, builds, and runs what it names."""
    scratch.restore()
    mutant_files.apply(mutant, scratch.tree)
    scratch.make([mutant.target], scratch.folder / f"{mutant.name}.log")
    return RUNNERS[mutant.kind](scratch.program(mutant.target), mutant, budget)


def baseline(scratch, mutants, budget):
    """Without a mutant nothing goes red; else being red would say nothing."""
    scratch.restore()
    scratch.make(sorted({mutant.target for mutant in mutants}), scratch.folder / "unmutated.log")
    for profile in sorted({mutant.where for mutant in mutants if mutant.kind == "sim"}):
        first, last = BASELINE_SEEDS.split("..")
        batch = run_batch(scratch.program("zoetrope"), profile, int(first), int(last), budget)
        if batch is None or batch[2]:
            raise MutantError(f"without a mutant, seeds {BASELINE_SEEDS} of {profile} break {sorted(batch[2]) if batch else 'the budget'}")
    for mutant in {mutant.where: mutant for mutant in mutants if mutant.kind == "explore"}.values():
        outcome = run_exploration(scratch.program(mutant.target), mutant, min(budget, BASELINE_EXPLORE_SECONDS))
        if outcome.caught or outcome.others:
            raise MutantError(f"without a mutant, explore --scope {mutant.where} breaks {sorted(outcome.others) or mutant.what}")
    for mutant in mutants:
        if mutant.kind == "unit" and run_test(scratch.program(mutant.target), mutant, budget).caught:
            raise MutantError(f"without a mutant, {mutant.what} fails")


def virtual_text(ms):
    seconds = ms // 1000
    return f"{seconds // 60}m{seconds % 60:02}s" if seconds < 3600 else f"{seconds // 3600}h{seconds // 60 % 60:02}m"


class Table:
    """One line a mutant, in columns as wide as the names ask for."""

    def __init__(self, mutants):
        self.names = max(len(mutant.name) for mutant in mutants)
        self.catchers = max(len(mutant.catcher) for mutant in mutants)

    def row(self, name, catcher, *figures):
        print(f"{name:{self.names}}  {catcher:{self.catchers}}  " + "  ".join(f"{figure:>8}" for figure in figures), flush=True)

    def remark(self, mutant, text):
        print(f"{mutant.name:{self.names}}  {text}", flush=True)

    def show(self, mutant, outcome, building):
        if not outcome.caught:
            others = ", ".join(f"{name} (seed {seed})" for name, seed in sorted(outcome.others.items()))
            verdict = f"CAUGHT BY ANOTHER than it names: {others}; " if others else "SURVIVED: "
            self.remark(mutant, verdict + outcome.trouble)
            return
        # A run that ends by an assertion reports no virtual time.
        virtual = virtual_text(outcome.virtual_ms) if outcome.virtual_ms else "-"
        self.row(mutant.name, mutant.catcher, outcome.seed or "-", virtual, f"{outcome.seconds:.1f} s", f"{building:.1f} s")


def run(root, mutants, budget):
    """Runs all and prints the table; returns the number that were not caught."""
    scratch = Scratch(root, (root / "build/mutants").resolve())
    scratch.folder.mkdir(parents=True, exist_ok=True)
    begin, caught = time.monotonic(), 0
    print("building the tree without a mutant ...", flush=True)
    baseline(scratch, mutants, budget)
    table = Table(mutants)
    table.row("mutant", "caught by", "seed", "virtual", "real", "build")
    for mutant in mutants:
        started = time.monotonic()
        try:
            outcome = catch(scratch, mutant, budget)
        except MutantError as error:
            table.remark(mutant, f"ERROR: {error}")
            continue
        caught += outcome.caught
        table.show(mutant, outcome, time.monotonic() - started - outcome.seconds)
    scratch.restore()
    print(f"mutants: {caught} caught, {len(mutants) - caught} not, in {time.monotonic() - begin:.0f} s")
    return len(mutants) - caught


def parse_arguments():
    parser = argparse.ArgumentParser(prog="./dev mutants", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these (default: all)")
    parser.add_argument("--list", action="store_true", help="name each mutant, what it breaks and what must catch it")
    parser.add_argument("--budget", type=int, default=120, metavar="SECONDS", help="for one mutant's campaign (default 120)")
    parser.add_argument("--root", type=Path, default=source_text.ROOT, help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    root = arguments.root.resolve()
    try:
        mutants = mutant_files.read_mutants(root)
        unknown = sorted(set(arguments.names) - {mutant.name for mutant in mutants})
        chosen = [mutant for mutant in mutants if not arguments.names or mutant.name in arguments.names]
        if unknown or not chosen:
            what = f"no such mutant: {unknown[0]} (--list names them)" if unknown else f"there is no mutant in {mutant_files.FOLDER}"
            print(f"mutants: {what}", file=sys.stderr)
            return 2
        if arguments.list:
            for mutant in chosen:
                print(f"{mutant.name}\n    {mutant.breaks}\n    seen: {mutant.seen}\n    caught by: {mutant.catcher}")
            return 0
        for mutant in chosen:
            mutant_files.apply(mutant, root, check=True)
        return 1 if run(root, chosen, arguments.budget) else 0
    except MutantError as error:
        print(f"mutants: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
