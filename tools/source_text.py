"""The project's source files and their text without comments and literals, for the checks of this folder."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+'""",
    re.DOTALL,
)


def files(root, *suffixes):
    """Paths below `root` with one of the suffixes (any without), sorted: what git tracks or would track, else all."""
    listed = subprocess.run(
        ["git", "-C", str(root), "ls-files", "-co", "--exclude-standard"], capture_output=True, text=True
    )
    if listed.returncode == 0:
        paths = [root / line for line in listed.stdout.splitlines()]
    else:
        paths = [path for path in root.rglob("*") if "build" not in path.relative_to(root).parts]
    return sorted(path for path in paths if (not suffixes or path.suffix in suffixes) and path.is_file())


def blank_out(text, keep_strings=False):
    """`text` with comments, and unless told otherwise string and character literals, replaced by blanks.

    Line breaks stay, so positions keep their line numbers. A digit separator (1'000) is no literal.
    """

    def blank(match):
        token = match.group(0)
        if keep_strings and not token.startswith("/"):
            return token
        inner = re.sub(r"[^\n]", " ", token)
        return inner if token.startswith("/") else '"' + inner[1:-1] + '"'

    return _TOKEN.sub(blank, re.sub(r"(?<=[0-9a-fA-F])'(?=[0-9a-fA-F])", "_", text))


def line_of(text, position):
    """Line number, from 1, of a position in `text`."""
    return text.count("\n", 0, position) + 1


def report(name, findings):
    """Prints findings (strings) or one line that all is well; returns the exit status."""
    for finding in findings:
        print(finding)
    print(f"{name}: {'%d findings' % len(findings) if findings else 'holds'}")
    return 1 if findings else 0
