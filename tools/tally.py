#!/usr/bin/env python3
"""Runs a build's ctest or a pytest folder and counts single test cases.

usage: tally.py ctest BUILD | tally.py pytest PATH...     The last line is `tally: P passed, F failed`.
A test program that crashes before it reports counts as one failure; so does a run without any test.
"""

import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import source_text


def conclude(passed, failed):
    print(f"tally: {passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


def gtest_counts(report):
    """(passed, failed) of one GoogleTest JSON report; disabled and skipped cases are neither."""
    total = json.loads(report.read_text())
    failed = total["failures"] + total["errors"]
    skipped = sum(case.get("result") == "SKIPPED" for suite in total["testsuites"] for case in suite["testsuite"])
    return total["tests"] - total["disabled"] - failed - skipped, failed


def run_ctest(build):
    build = Path(build).resolve()
    reports = build / "gtest-reports"
    shutil.rmtree(reports, ignore_errors=True)
    junit = build / "ctest.xml"
    junit.unlink(missing_ok=True)
    jobs = os.environ.get("ZT_JOBS", str(os.cpu_count()))
    command = ["ctest", "--test-dir", str(build), "--output-on-failure", "-j", jobs, "--timeout", "900",
               "--output-junit", str(junit)]
    subprocess.run(command)
    passed = failed = 0
    for report in sorted(reports.glob("*.json")) if reports.exists() else []:
        one_passed, one_failed = gtest_counts(report)
        print(f"  test_{report.stem}: {one_passed} passed, {one_failed} failed")
        passed, failed = passed + one_passed, failed + one_failed
    programs = list(ElementTree.parse(junit).getroot().iter("testcase")) if junit.exists() else []
    for program in programs:
        has_report = (reports / f"{program.get('name')}.json").exists()
        broken = program.find("failure") is not None or program.get("status") not in ("run", None)
        if broken and (not has_report or failed == 0):
            print(f"  {program.get('name')}: FAILED without a report of its cases")
            failed += 1
        elif not broken and not has_report:
            passed += 1
    return passed, failed if programs else failed + 1


def run_pytest(paths):
    junit = source_text.ROOT / "build" / f"pytest-{Path(paths[0]).stem}.xml"
    junit.parent.mkdir(exist_ok=True)
    junit.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-ra", "--durations=15", "-p", "no:cacheprovider",
               f"--junitxml={junit}", *paths]
    status = subprocess.run(command, cwd=source_text.ROOT).returncode
    passed = failed = 0
    for suite in ElementTree.parse(junit).getroot().iter("testsuite") if junit.exists() else []:
        counts = {key: int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")}
        bad = counts["failures"] + counts["errors"]
        passed, failed = passed + counts["tests"] - bad - counts["skipped"], failed + bad
    return passed, max(failed, 1) if status else failed


def main():
    if len(sys.argv) < 3 or sys.argv[1] not in ("ctest", "pytest"):
        print(__doc__, file=sys.stderr)
        return 2
    return conclude(*(run_ctest(sys.argv[2]) if sys.argv[1] == "ctest" else run_pytest(sys.argv[2:])))


if __name__ == "__main__":
    sys.exit(main())
