"""The planted bugs of properties/mutants: one patch a file, opened by what it breaks and what must catch it.

A file is a unified diff under a header of three fields; a longer value goes on in lines that begin with two blanks:

    Breaks: one sentence
    Seen: the ticket in which the world met it, or `typical`
    Caught by: sim PROFILE PROPERTY | explore SCOPE PROPERTY | unit ROOM SUITE.TEST

PROPERTY is a property of properties/, a check of the simulator or of the exploration, or `assertion` (an invariant in
the code).
"""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

FOLDER = "properties/mutants"
PROFILES = ("calm", "crash", "churn", "disk-faults", "ensemble", "ensemble-disk", "reconfig", "modes")
SCOPES = ("election", "uneven", "epoch", "broadcast")
ASSERTION = "assertion"
_FIELDS = ("Breaks", "Seen", "Caught by")


class MutantError(Exception):
    """Says which file is wrong and why."""


@dataclass(frozen=True)
class Mutant:
    name: str
    path: Path
    breaks: str
    seen: str
    kind: str  # sim, explore or unit
    where: str  # profile, scope or room
    what: str  # property or test

    @property
    def target(self):
        """What has to be built to see it."""
        return f"test_{self.where}" if self.kind == "unit" else "zoetrope"

    @property
    def catcher(self):
        return f"{self.kind} {self.where} {self.what}"


def read_header(text, name):
    fields, last = {}, None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("--- "):
            break
        match = re.fullmatch(r"([A-Z][a-z ]*): (\S.*)", line)
        if match:
            last = match.group(1)
            if last not in _FIELDS or last in fields:
                raise MutantError(f"{name}:{number}: unknown or repeated field '{last}' (there are: {', '.join(_FIELDS)})")
            fields[last] = match.group(2)
        elif line.startswith("  ") and last:
            fields[last] += " " + line.strip()
        elif line:
            raise MutantError(f"{name}:{number}: neither a field of the header nor the patch: '{line}'")
    else:
        raise MutantError(f"{name}: no patch in it (a line that begins with '--- ')")
    missing = [field for field in _FIELDS if field not in fields]
    if missing:
        raise MutantError(f"{name}: the header lacks '{missing[0]}:'")
    return fields


def read_mutant(path, root):
    name = str(path.relative_to(root))
    fields = read_header(path.read_text(), name)
    words = fields["Caught by"].split()
    if len(words) != 3 or words[0] not in ("sim", "explore", "unit"):
        raise MutantError(f"{name}: 'Caught by:' wants 'sim PROFILE PROPERTY', 'explore SCOPE PROPERTY' or 'unit ROOM SUITE.TEST', "
                          f"not '{fields['Caught by']}'")
    if words[0] == "sim" and words[1] not in PROFILES:
        raise MutantError(f"{name}: no such profile: {words[1]} (there are: {', '.join(PROFILES)})")
    if words[0] == "explore" and words[1] not in SCOPES:
        raise MutantError(f"{name}: no such scope: {words[1]} (there are: {', '.join(SCOPES)})")
    return Mutant(path.stem, path, fields["Breaks"], fields["Seen"], *words)


def read_mutants(root):
    """All mutants of a tree, by name. Raises MutantError."""
    return [read_mutant(path, root) for path in sorted((root / FOLDER).glob("*.patch"))]


def apply(mutant, tree, check=False):
    """Applies the patch to the files of `tree`, or only tries it. Raises MutantError when it does not fit."""
    command = ["git", "apply", "-C1", "--whitespace=nowarn", *(["--check"] if check else []), str(mutant.path)]
    # Inside another working tree git would take the paths from that one's root, and skip what is outside.
    environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tree.parent)}
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        raise MutantError(f"{FOLDER}/{mutant.path.name} does not apply: {done.stderr.strip()}")
