#!/usr/bin/env python3
"""Checks that the planted bugs of properties/mutants still fit the code: each patch applies, each named catcher exists.

Whether they are caught is the business of tools/mutants.py, which builds and runs them.
"""

import argparse
import re
import sys
from pathlib import Path

import mutant_files
import source_text


def names_in(root, *folders):
    """Names that a simulated run or an exploration can report: properties and checks of their own."""
    names = {mutant_files.ASSERTION}
    for folder in folders:
        for path in sorted((root / folder).glob("*.cpp")):
            names.update(re.findall(r'"([a-z]+(?:_[a-z]+)+)"', path.read_text()))
    return names


def unit_tests(root, room):
    tests = set()
    for path in sorted((root / "tests/unit" / room).glob("*.cpp")):
        tests.update(f"{suite}.{test}" for suite, test in
                     re.findall(r"^(?:TEST|TEST_F|RC_GTEST_PROP)\((\w+),\s*(\w+)", path.read_text(), re.MULTILINE))
    return tests


def check(root):
    try:
        mutants = mutant_files.read_mutants(root)
    except mutant_files.MutantError as error:
        return [str(error)]
    findings = []
    properties = {"sim": names_in(root, "properties", "sim"), "explore": names_in(root, "explore")}
    for mutant in mutants:
        known = properties[mutant.kind] if mutant.kind in properties else unit_tests(root, mutant.where)
        if mutant.what not in known:
            findings.append(f"{mutant_files.FOLDER}/{mutant.path.name}: nothing is called '{mutant.what}' in {mutant.kind} {mutant.where}")
        try:
            mutant_files.apply(mutant, root, check=True)
        except mutant_files.MutantError as error:
            findings.append(str(error))
    return findings


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=source_text.ROOT)
    return source_text.report("mutants", check(parser.parse_args().root.resolve()))


if __name__ == "__main__":
    sys.exit(main())
