#!/usr/bin/env python3
"""Checks that include lines obey the arrows between rooms.

The arrows are the DEPENDS of the zt_room() calls in the CMakeLists.txt files, taken transitively. The
declared arrows themselves must go down the order of docs/architecture.md: a room may depend only on rooms
of a lower rank, and only the rooms named in MAY_REACH may be reached from outside the engine.
"""

import argparse
import re
import sys
from pathlib import Path

import source_text

# Rank of each room: arrows go to strictly lower ranks. sim and net stand side by side.
RANK = {
    "core/base": 0, "core/jute": 1, "core/wire": 2, "core/quorum": 2, "core/tree": 2, "core/storage": 3,
    "core/session": 4, "core/watch": 4, "core/pipeline": 5, "core/zab": 6, "core/node": 7, "properties": 8,
    "trace": 1, "record": 8, "replay": 9, "net": 9, "sim": 9, "explore": 10, "scenario": 10, "shrink": 11, "app/load": 10,
}
# Rooms whose reach is narrower than their rank says: the judges know the history, not the judged.
MAY_REACH = {"properties": {"core/base"}}
# Folders that stand on top: they may include every room, and nothing but themselves may include them.
TOP = ("app", "bench", "tests")

_ROOM = re.compile(r"zt_room\(\s*(\w+)([^)]*)\)", re.DOTALL)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]', re.MULTILINE)


def declared_rooms(root):
    """Folder -> set of target names it depends on directly, and target name -> folder."""
    depends, folder_of = {}, {}
    for path in source_text.files(root, ".txt"):
        if path.name != "CMakeLists.txt":
            continue
        text = re.sub(r"#[^\n]*", "", path.read_text())
        for match in _ROOM.finditer(text):
            folder = str(path.parent.relative_to(root))
            words = match.group(2).split()
            names = set()
            keyword = None
            for word in words:
                if word in ("DEPENDS", "LIBS"):
                    keyword = word
                elif keyword == "DEPENDS":
                    names.add(word)
            folder_of[match.group(1)] = folder
            depends[folder] = names
    return depends, folder_of


def reach(depends, folder_of, folder):
    """Folders that `folder` may include: itself and what its DEPENDS reach."""
    seen, todo = {folder}, [folder]
    while todo:
        for name in depends.get(todo.pop(), ()):
            target = folder_of.get(name)
            if target is not None and target not in seen:
                seen.add(target)
                todo.append(target)
    return seen


def check_declarations(depends, folder_of):
    findings = []
    for folder, names in sorted(depends.items()):
        if folder not in RANK:
            findings.append(f"{folder}/CMakeLists.txt: room has no rank in tools/check_arrows.py")
            continue
        for name in sorted(names):
            target = folder_of.get(name)
            if target is None:
                findings.append(f"{folder}/CMakeLists.txt: DEPENDS names no room: {name}")
            elif RANK.get(target, 99) >= RANK[folder]:
                findings.append(f"{folder}/CMakeLists.txt: the arrow {folder} -> {target} does not go down")
            elif folder in MAY_REACH and target not in MAY_REACH[folder]:
                findings.append(f"{folder}/CMakeLists.txt: {folder} may not know {target}")
    return findings


def owner(path, folders):
    """The room or top folder that a repository path belongs to, or None."""
    text = str(path)
    matches = [folder for folder in folders if text.startswith(folder + "/")]
    return max(matches, key=len) if matches else None


def check_includes(root, depends, folder_of):
    findings = []
    folders = list(depends) + list(TOP)
    for path in source_text.files(root, ".hpp", ".cpp", ".h", ".c"):
        relative = path.relative_to(root)
        home = owner(relative, folders)
        text = source_text.blank_out(path.read_text(), keep_strings=True)
        for match in _INCLUDE.finditer(text):
            bracket, name = match.groups()
            place = f"{relative}:{source_text.line_of(text, match.start(1))}"
            target = owner(Path(name), folders)
            if bracket == "<":
                if target is not None and (root / name).exists():
                    findings.append(f"{place}: our own header in angle brackets: {name}")
                continue
            if not (root / name).exists():
                findings.append(f"{place}: include is not rooted at the repository: {name}")
            elif home is None or target is None:
                findings.append(f"{place}: {relative.parts[0]} or {name} belongs to no room")
            elif home in TOP:
                if target in TOP and target != home:
                    findings.append(f"{place}: {home} may not include {name}")
            elif target not in reach(depends, folder_of, home):
                findings.append(f"{place}: {home} may not include {name}: no arrow {home} -> {target}")
    return findings


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=source_text.ROOT)
    root = parser.parse_args().root
    depends, folder_of = declared_rooms(root)
    findings = check_declarations(depends, folder_of) + check_includes(root, depends, folder_of)
    if not depends:
        findings.append("no zt_room() call was found: nothing was checked")
    return source_text.report("arrows", findings)


if __name__ == "__main__":
    sys.exit(main())
