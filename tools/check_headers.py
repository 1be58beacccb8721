#!/usr/bin/env python3
"""Checks that every header compiles alone.

Each header is the only include of an empty file, compiled with -fsyntax-only. A header whose text, and that of
every project header it reaches, is unchanged since it last compiled is not compiled again.
"""

import argparse
import hashlib
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import source_text

FLAGS = ["-std=c++23", "-fsyntax-only", "-Wall", "-Wextra", "-Wno-unused-parameter", "-x", "c++"]
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)


def closure_hash(root, name, compiler):
    """Hash of a header and of all project headers that it reaches."""
    seen, todo = set(), [name]
    while todo:
        current = todo.pop()
        if current in seen or not (root / current).exists():
            continue
        seen.add(current)
        todo += _INCLUDE.findall((root / current).read_text())
    digest = hashlib.sha256(f"{compiler} {FLAGS}".encode())
    for current in sorted(seen):
        digest.update(current.encode() + b"\0" + (root / current).read_bytes())
    return digest.hexdigest()


def compile_alone(root, name, compiler):
    run = subprocess.run([compiler, *FLAGS, "-I", str(root), "-"], input=f'#include "{name}"\n',
                         cwd=root, capture_output=True, text=True)
    if run.returncode == 0:
        return None
    first = next((line for line in run.stderr.splitlines() if "error" in line), run.stderr[:200])
    return f"{name}: does not compile alone: {first}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=source_text.ROOT)
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("--jobs", type=int, default=int(os.environ.get("ZT_JOBS", 0)) or os.cpu_count())
    options = parser.parse_args()
    cache = options.root / "build/headers"
    cache.mkdir(parents=True, exist_ok=True)
    version = subprocess.run([options.compiler, "--version"], capture_output=True, text=True, check=True).stdout
    stamps = {}
    for path in source_text.files(options.root, ".hpp"):
        name = str(path.relative_to(options.root))
        stamp = cache / closure_hash(options.root, name, version)
        if not stamp.exists():
            stamps[name] = stamp

    def check(name):
        finding = compile_alone(options.root, name, options.compiler)
        if finding is None:
            stamps[name].touch()
        return finding

    with ThreadPoolExecutor(options.jobs) as pool:
        findings = [finding for finding in pool.map(check, sorted(stamps)) if finding]
    return source_text.report(f"headers alone ({len(stamps)} compiled)", findings)


if __name__ == "__main__":
    sys.exit(main())
