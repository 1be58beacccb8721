"""Runs the same seeds in several builds of `zoetrope` and compares what came out.

usage: compare_builds.py [--seeds A..B] [--profiles NAME,...] PROGRAM PROGRAM...

The hash of a campaign covers every event of every run, so builds of other compilers and build types must give
the same one. Prints a line a profile and, last, `tally: N passed, N failed`; exit status 1 when a hash differs or a run
breaks a property.
"""

import argparse
import json
import subprocess
import sys

PROFILES = "calm,crash,churn,disk-faults"


def campaign(program, profile, seeds):
    """The campaign's JSON object; a broken property is in it, anything else that goes wrong ends us."""
    command = [program, "sim", "--profile", profile, "--seeds", seeds, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if done.returncode not in (0, 1):
        sys.exit(f"{' '.join(command)}: exit status {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="1..200")
    parser.add_argument("--profiles", default=PROFILES)
    parser.add_argument("programs", nargs="+", metavar="PROGRAM")
    options = parser.parse_args()
    passed = failed = 0
    for profile in options.profiles.split(","):
        results = [campaign(program, profile, options.seeds) for program in options.programs]
        hashes = [result["hash"] for result in results]
        broken = max(result["failed"] for result in results)
        alike = len(set(hashes)) == 1
        verdict = "equal" if alike else "DIFFERENT: zoetrope sim --profile " + profile + " --seeds " + options.seeds
        print(f"{profile}: {results[0]['runs']} runs, {results[0]['crashes']} crashes, {broken} runs broke a property, "
              f"hashes {' '.join(hashes)} {verdict}")
        passed += alike and not broken
        failed += not alike or bool(broken)
    print(f"tally: {passed} passed, {failed} failed")
    sys.exit(failed != 0)


if __name__ == "__main__":
    main()
