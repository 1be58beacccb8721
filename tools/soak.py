#!/usr/bin/env python3
"""The long versions of the tests, in parts: soak.py [PART...], all without one.

Needs build/release/zoetrope and, for fuzz, the targets in build/fuzz. One line of figures a part; the last line is
`N passed, N failed`, counted in parts. Progress is shown on a terminal; a part's whole output is in build/logs.
"""

import json
import os
import re
import subprocess
import sys
import time

import source_text

LOGS = source_text.ROOT / "build/logs"
SERVER = source_text.ROOT / "build/release/zoetrope"
SIM_SEEDS = int(os.environ.get("ZT_SOAK_SIM_SEEDS", 25_000))
ENSEMBLE_SEEDS = int(os.environ.get("ZT_SOAK_ENSEMBLE_SEEDS", 10_000))
CHANGES_SEEDS = int(os.environ.get("ZT_SOAK_CHANGES_SEEDS", 2_000))
SIM_CHUNK = 1000
SIM_PROFILES = {"sim": ("calm", "crash", "churn", "disk-faults"), "ensemble": ("ensemble", "ensemble-disk"),
                "changes": ("reconfig", "modes")}
EXPLORATIONS = (("election",), ("uneven",), ("epoch", "--terms", "1"), ("epoch", "--crashes", "0"),
                ("broadcast", "--terms", "1"), ("broadcast", "--crashes", "0"))
EXPLORE_SECONDS = int(os.environ.get("ZT_SOAK_EXPLORE_SECONDS", 1200))
FUZZ_SECONDS = os.environ.get("ZT_FUZZ_SECONDS", "90")


class Show:
    """The progress of one part on the terminal, and its log."""

    def __init__(self, part):
        self.part, self.log = part, (LOGS / f"soak-{part}.log").open("w")
        self.begin = time.monotonic()

    def progress(self, text):
        if sys.stdout.isatty():
            print(f"\r\033[K{self.part}: {text} ({time.monotonic() - self.begin:.0f} s)", end="", flush=True)

    def end(self, good, figures):
        erase = "\r\033[K" if sys.stdout.isatty() else ""
        verdict = "" if good else f"FAILED, see {self.log.name}: "
        print(f"{erase}{self.part}: {verdict}{figures}, {time.monotonic() - self.begin:.0f} s", flush=True)
        self.log.close()
        return good


def lines_of(show, command, status, **environment):
    """The lines of a command's output, as they come; they go to the log too. `status` gets the exit status."""
    with subprocess.Popen(command, cwd=source_text.ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", env={**os.environ, **environment}) as process:
        for line in process.stdout:
            show.log.write(line)
            show.log.flush()
            yield line.rstrip()
        status.append(process.wait())


def soak_test(part, *tests):
    """Tests that are long under ZT_SOAK; they print lines with `progress: ` and, at the end, `figures: `."""
    show, status, figures = Show(part), [], []
    command = [sys.executable, "-u", "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", *tests]
    for line in lines_of(show, command, status, ZT_SOAK="1"):
        if match := re.search(r"(progress|figures): (.*)", line):
            if match.group(1) == "figures":
                figures.append(match.group(2))
            else:
                show.progress(match.group(2))
    return show.end(status == [0] and bool(figures), "; ".join(figures) or "no figures")


def soak_sim(part, seeds):
    """A campaign over the part's profiles, in chunks, so that one that fails leaves what came before."""
    show, totals, failed = Show(part), {}, []
    chunks = [(profile, first, min(first + SIM_CHUNK - 1, seeds))
              for first in range(1, seeds + 1, SIM_CHUNK) for profile in SIM_PROFILES[part]]
    for profile, first, last in chunks:
        status = []
        command = [str(SERVER), "sim", "--profile", profile, "--seeds", f"{first}..{last}", "--json", "--quiet"]
        output = list(lines_of(show, command, status))
        try:
            report = json.loads(output[-1])
        except (IndexError, ValueError):
            failed.append(output[-1] if output else f"no output, status {status}")
            continue
        failed += [failure["replay"] for failure in report["failures"]]
        for key in ("runs", "virtual_ms", "operations", "crashes"):
            totals[key] = totals.get(key, 0) + report[key]
        show.progress(f"{profile}, seeds 1..{last} of {seeds}, {len(failed)} failed")
    hours = totals.get("virtual_ms", 0) / 3_600_000
    figures = (f"{totals.get('runs', 0)} runs, {totals.get('operations', 0)} operations, {totals.get('crashes', 0)} crashes, "
               f"{hours:.0f} h of virtual time, {len(failed)} failed")
    return show.end(not failed and totals.get("runs") == len(SIM_PROFILES[part]) * seeds, "; ".join([figures, *failed[:5]]))


def soak_fuzz(part):
    show, status, targets, inputs, findings = Show(part), [], 0, 0, []
    for line in lines_of(show, ["tests/fuzz/run.sh", FUZZ_SECONDS], status):
        show.progress(line)
        if match := re.match(r"\w+: (\d+) inputs", line):
            targets, inputs = targets + 1, inputs + int(match.group(1))
        elif "FINDING" in line or not line.startswith("tally:"):
            findings.append(line)
    figures = f"{targets} targets for {FUZZ_SECONDS} s each, {inputs} inputs, {len(findings)} findings"
    return show.end(status == [0] and targets > 0, "; ".join([figures, *findings[:5]]))


def soak_explore(part):
    """Scopes of `zoetrope explore` that have to be explored to their ends."""
    show, figures, good = Show(part), [], True
    for words in EXPLORATIONS:
        show.progress(" ".join(words))
        command = [SERVER, "explore", "--json", "--quiet", "--seconds", EXPLORE_SECONDS, "--scope", *words]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, errors="replace")
        show.log.write(f"{' '.join(words)}\n{done.stdout}{done.stderr}")
        result = json.loads(done.stdout) if done.returncode in (0, 1) else {"verdict": f"status {done.returncode}"}
        good = good and result.get("complete", False)
        figures.append(f"{' '.join(words)}: {result.get('states', 0)} states in {result.get('milliseconds', 0) / 1000:.0f} s, "
                       f"{result['verdict']}")
    return show.end(good, "; ".join(figures))


PARTS = {
    "connections": lambda: soak_test("connections", "tests/integration/test_bad_input.py::test_connections_opened_and_dropped"),
    "kill": lambda: soak_test("kill", "tests/integration/test_kill.py::test_nothing_acknowledged_is_lost"),
    "leaders": lambda: soak_test("leaders", "tests/integration/test_ensemble_failures.py::test_the_leader_is_killed_again_and_again"),
    "mixed": lambda: soak_test("mixed", *(f"tests/integration/test_{name}.py" for name in ("mixed_ensemble", "mixed_five", "migration"))),
    "differential": lambda: soak_test("differential", "tests/integration/test_differential.py"),
    "sim": lambda: soak_sim("sim", SIM_SEEDS),
    "ensemble": lambda: soak_sim("ensemble", ENSEMBLE_SEEDS),
    "changes": lambda: soak_sim("changes", CHANGES_SEEDS),
    "explore": lambda: soak_explore("explore"),
    "fuzz": lambda: soak_fuzz("fuzz"),
}


def main():
    chosen = sys.argv[1:] or list(PARTS)
    unknown = [part for part in chosen if part not in PARTS]
    if unknown:
        print(f"soak: no such part: {unknown[0]} (there are: {', '.join(PARTS)})", file=sys.stderr)
        return 2
    LOGS.mkdir(parents=True, exist_ok=True)
    results = [PARTS[part]() for part in chosen]
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
