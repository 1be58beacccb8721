#!/usr/bin/env python3
"""Checks that files and functions stay readable in a sitting, and that the text is tidy.

Files of 600 lines, functions of 70, lines of 100 columns at most; a header opens with a comment and has
#pragma once. tools/size_exceptions.txt holds what is over ("PATH [FUNCTION] LINES"): a ratchet that only turns down.
"""

import argparse
import ast
import re
import sys
from pathlib import Path

import source_text

FILE_LINES, FUNCTION_LINES, COLUMNS, PYTHON_COLUMNS = 600, 70, 100, 140
_WORDS = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
_NOT_A_FUNCTION = re.compile(r"\b(?:namespace|class|struct|union|enum|concept|requires|extern)\b[^()]*$")


def cpp_functions(text):
    """(name, first line, last line) of each function body of a C++ text; a lambda belongs to its function."""
    text = re.sub(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", lambda m: re.sub(r"[^\n]", " ", m.group(0)),
                  source_text.blank_out(text), flags=re.MULTILINE)
    found, stack, head = [], [], 0
    for match in re.finditer(r"[{};]", text):
        symbol, position = match.group(0), match.start()
        if symbol == "{":
            opening = text[head:position]
            inside = any(kind != "scope" for kind, _, _ in stack)
            if inside or opening.rstrip().endswith(("=", ",", "(", "return")):
                kind = "block"
            elif "(" in opening and not _NOT_A_FUNCTION.search(opening):
                kind = "function"
            else:
                kind = "scope" if "=" not in opening else "block"
            start = head + len(opening) - len(opening.lstrip())
            name = re.search(r"([\w:~]+|operator\W+)\s*\(", opening)
            stack.append((kind, start, name.group(1) if name else "?"))
            head = position + 1
        elif symbol == "}":
            if stack:
                kind, start, name = stack.pop()
                if kind == "function":
                    found.append((name, source_text.line_of(text, start), source_text.line_of(text, position)))
            head = position + 1
        elif not any(kind == "block" for kind, _, _ in stack[-1:]):
            head = position + 1
    return found


def python_functions(text):
    return [(node.name, node.lineno, node.end_lineno) for node in ast.walk(ast.parse(text))
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def check_text(relative, lines):
    findings = []
    for number, line in enumerate(lines, 1):
        if line != line.rstrip():
            findings.append(f"{relative}:{number}: trailing blanks")
        if "\t" in line and not relative.endswith(".txt"):
            findings.append(f"{relative}:{number}: tab")
        if relative.endswith((".cpp", ".hpp", ".h", ".c")) and len(line) > COLUMNS and "NOLINT" not in line:
            findings.append(f"{relative}:{number}: {len(line)} columns, {COLUMNS} at most")
        if relative.endswith(".py") and len(line) > PYTHON_COLUMNS:
            findings.append(f"{relative}:{number}: {len(line)} columns, {PYTHON_COLUMNS} at most")
        if _WORDS.search(line):
            findings.append(f"{relative}:{number}: a note to oneself instead of the work")
    if relative.endswith(".hpp"):
        if not lines or not lines[0].startswith("//"):
            findings.append(f"{relative}:1: a header opens with what it is, what it owns, what it never does")
        if "#pragma once" not in lines:
            findings.append(f"{relative}:1: no #pragma once")
    return findings


def sizes_of(relative, text):
    """(key, size, limit, line) of the file and of each of its functions."""
    yield relative, text.count("\n"), FILE_LINES, 1
    if relative.endswith(".py"):
        functions = python_functions(text)
    elif relative.endswith((".cpp", ".hpp", ".h", ".c")):
        functions = cpp_functions(text)
    else:
        functions = []
    for name, first, last in functions:
        yield f"{relative} {name}", last - first + 1, FUNCTION_LINES, first


def read_exceptions(root):
    path = root / "tools/size_exceptions.txt"
    exceptions = {}
    for line in path.read_text().splitlines() if path.exists() else []:
        if line and not line.startswith("#"):
            key, size = line.rsplit(" ", 1)
            exceptions[key] = int(size)
    return exceptions


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=source_text.ROOT)
    root = parser.parse_args().root
    exceptions, findings, needed = read_exceptions(root), [], set()
    for path in source_text.files(root, ".cpp", ".hpp", ".h", ".c", ".py"):
        relative, text = str(path.relative_to(root)), path.read_text()
        findings += check_text(relative, text.splitlines())
        if text and not text.endswith("\n"):
            findings.append(f"{relative}: no line break at the end")
        for key, size, limit, line in sizes_of(relative, text):
            if size <= limit:
                continue
            needed.add(key)
            if size > exceptions.get(key, limit):
                findings.append(f"{relative}:{line}: {key.split()[-1]} has {size} lines, {exceptions.get(key, limit)} at most")
            elif size < exceptions[key]:
                findings.append(f"tools/size_exceptions.txt: {key} is down to {size}: write that instead of {exceptions[key]}")
    findings += [f"tools/size_exceptions.txt: {key} is not needed any more" for key in sorted(set(exceptions) - needed)]
    return source_text.report("sizes", findings)


if __name__ == "__main__":
    sys.exit(main())
