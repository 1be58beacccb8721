#!/usr/bin/env python3
"""Runs every check of this folder and the checks' own tests; ends with `tally: P passed, F failed`."""

import subprocess
import sys

import source_text
import tally

CHECKS = ("arrows", "purity", "sizes", "headers", "mutants")


def main():
    passed = failed = 0
    for check in CHECKS:
        if subprocess.run([sys.executable, f"tools/check_{check}.py"], cwd=source_text.ROOT).returncode == 0:
            passed += 1
        else:
            failed += 1
    tests_passed, tests_failed = tally.run_pytest(["tools/test_checks.py", "tools/test_mutants.py"])
    return tally.conclude(passed + tests_passed, failed + tests_failed)


if __name__ == "__main__":
    sys.exit(main())
