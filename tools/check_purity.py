#!/usr/bin/env python3
"""Checks that the engine, the simulator and the checkers are pure.

Two scans: of the source text (comments and literals removed) of core/, sim/ and properties/, and, with
--objects BUILD, of the symbols that their static libraries want from outside and of the mutable data
they keep. Exceptions stand in ALLOWED, each with its reason.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

import source_text

FOLDERS = ("core", "sim", "properties")

_HEADERS = {
    "thread mutex shared_mutex condition_variable future stop_token semaphore barrier latch atomic": "threads and locks",
    "iostream fstream filesystem": "files and streams",
    "sstream iomanip locale clocale": "streams depend on the locale",
    "random": "the standard library's distributions differ between libraries: core/base/random.hpp",
    "ctime time.h sys/time.h": "clocks; time is an argument",
    "unistd.h fcntl.h sys/socket.h sys/stat.h sys/mman.h sys/types.h netinet/in.h arpa/inet.h netdb.h poll.h": "the operating system",
    "csignal signal.h": "signals",
    "regex": "depends on the locale",
}
_HEADER_REASON = {name: reason for names, reason in _HEADERS.items() for name in names.split()}
_HEADER_PREFIX = {"boost/asio": "an event loop", "boost/beast": "sockets", "boost/thread": "threads",
                  "boost/filesystem": "files", "boost/random": "draws differ between releases"}

# Alternatives of one pattern over text without comments and literals, why it is forbidden, the folders it holds for.
PATTERNS = [
    ([r"\b(?:system|steady|high_resolution|utc|file)_clock\b",
      r"\b(?:clock_gettime|gettimeofday|localtime(?:_r)?|gmtime(?:_r)?|mktime|strftime|nanosleep|usleep)\b",
      r"(?<![\w.>])(?:std::)?time\s*\(\s*(?:nullptr|NULL|0)?\s*\)"], "a clock; time is an argument", FOLDERS),
    ([r"\bstd::(?:this_)?thread\b", r"\bstd::jthread\b", r"\bstd::async\b", r"\bpthread_\w+"], "a thread", FOLDERS),
    ([r"\bstd::\w*mutex\b", r"\bstd::(?:lock_guard|unique_lock|scoped_lock|condition_variable|call_once|once_flag)\b"],
     "a lock", FOLDERS),
    ([r"\bstd::atomic\b", r"\bthread_local\b", r"\bvolatile\b"], "shared or per-thread state", FOLDERS),
    ([r"\bstd::(?:i|o|io)?fstream\b", r"\bstd::filesystem\b", r"\bfopen\b", r"\bstd::(?:cout|cerr|cin|clog)\b",
      r"\b(?:f|s)?printf\s*\("], "files and streams", FOLDERS),
    ([r"(?<![\w.:>])(?:::)?(?:open|socket|bind|listen|accept|connect|recv|send|poll|select|fsync|mmap)\s*"
      r"\(\s*(?:AF_|fd\b|\w+_fd\b)"], "the operating system", FOLDERS),
    ([r"\b(?:secure_)?getenv\b", r"\bsetenv\b", r"\benviron\b"], "the environment", FOLDERS),
    ([r"\bsetlocale\b", r"\bstd::locale\b",
      r"(?<![\w:])(?:std::)?(?:isalpha|isalnum|isupper|islower|isspace|ispunct|isprint|toupper|tolower|strcoll)\s*\("],
     "the locale", FOLDERS),
    ([r"\bstd::(?:random_device|mt19937(?:_64)?|minstd_rand0?|default_random_engine|shuffle|sample|\w+_distribution)\b",
      r"(?<![\w.>])(?:std::)?s?rand\s*\("], "not our generator: core/base/random.hpp", FOLDERS),
    ([r"\bstd::hash\b"], "differs between libraries: core/base/hash.hpp", FOLDERS),
    ([r"\breinterpret_cast\s*<\s*(?:std::)?u?intptr_t\b"], "an address as a value", FOLDERS),
    ([r"\b(?:float|double)\b", r"(?<![\w.])\d[\d_']*\.\d+(?:[eE][+-]?\d+)?[fFlL]?(?![\w.])"],
     "floating point in the engine", ("core",)),
    ([r"\b(?:try|throw|catch)\b"], "exceptions in the engine", ("core",)),
]
_COMPILED = [(re.compile("|".join(parts)), reason, folders) for parts, reason, folders in PATTERNS]

# (path, matched text or header): reason. Each one is used, or the check fails.
ALLOWED = {
    ("core/base/assert.cpp", "fprintf("): "a broken invariant prints one line before the process aborts",
}

# Symbols that the static libraries must not want from outside.
SYMBOLS = {
    name: reason
    for names, reason in {
        "clock_gettime gettimeofday time clock nanosleep usleep sleep clock_nanosleep localtime localtime_r gmtime": "a clock",
        "pthread_create pthread_mutex_lock pthread_cond_wait pthread_once pthread_rwlock_rdlock sem_wait": "threads and locks",
        "open open64 openat fopen fopen64 fdopen creat read write pread pwrite pread64 pwrite64 fsync fdatasync": "files",
        "unlink rename mkdir opendir stat lstat mmap ftruncate ftruncate64": "files",
        "socket bind listen accept accept4 connect recv recvfrom send sendto sendmsg recvmsg": "sockets",
        "poll select epoll_create1 epoll_wait getaddrinfo": "sockets",
        "getenv secure_getenv setenv environ": "the environment",
        "setlocale newlocale uselocale localeconv": "the locale",
        "rand srand random srandom drand48 getrandom getentropy arc4random": "entropy",
        "getpid gethostname uname getuid": "the machine",
    }.items()
    for name in names.split()
}
SYMBOL_PATTERNS = [
    (re.compile(r"^std::chrono::_V2::\w+_clock::now"), "a clock"),
    (re.compile(r"^std::(?:thread|mutex|condition_variable|random_device)\b"), "threads, locks or entropy"),
    (re.compile(r"^std::basic_(?:i|o)?fstream|^std::basic_filebuf|^std::filesystem"), "files"),
    (re.compile(r"^std::locale::"), "the locale"),
]


def scan_source(root):
    findings, used = [], set()
    for path in source_text.files(root, ".hpp", ".cpp"):
        relative = str(path.relative_to(root))
        folder = relative.split("/")[0]
        if folder not in FOLDERS:
            continue
        raw = path.read_text()
        for match in re.finditer(r"^[ \t]*#[ \t]*include[ \t]*<([^>]+)>", raw, re.MULTILINE):
            name = match.group(1)
            reason = _HEADER_REASON.get(name) or next(
                (why for prefix, why in _HEADER_PREFIX.items() if name.startswith(prefix)), None)
            if reason and (relative, name) in ALLOWED:
                used.add((relative, name))
            elif reason:
                findings.append(f"{relative}:{source_text.line_of(raw, match.start())}: <{name}>: {reason}")
        text = source_text.blank_out(raw)
        for pattern, reason, folders in _COMPILED:
            if folder not in folders:
                continue
            for match in pattern.finditer(text):
                if (relative, match.group(0)) in ALLOWED:
                    used.add((relative, match.group(0)))
                    continue
                findings.append(f"{relative}:{source_text.line_of(text, match.start())}: {match.group(0)!r}: {reason}")
    findings += [f"tools/check_purity.py: unused exception {key}" for key in sorted(set(ALLOWED) - used)]
    return findings


def libraries(build):
    return sorted(path for folder in FOLDERS for path in (build / folder).rglob("libzt_*.a"))


def scan_symbols(library):
    findings = []
    command = ["nm", "-C", "--undefined-only", str(library)]
    member = ""
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        if line.endswith(":"):
            member = line[:-1]
        if " U " not in line and " w " not in line:
            continue
        symbol = re.split(r" [Uw] ", line, 1)[1]
        reason = SYMBOLS.get(symbol.split("@")[0]) or next(
            (why for pattern, why in SYMBOL_PATTERNS if pattern.match(symbol)), None)
        if reason:
            findings.append(f"{library.name}({member}): wants {symbol}: {reason}")
    return findings


def scan_data(library):
    """Objects in writable sections: state that outlives a server and would be shared by two of them."""
    findings = []
    command = ["objdump", "-t", "-C", str(library)]
    for line in subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines():
        match = re.match(r"^[0-9a-f]+ (.{7}) (\S+)\s+([0-9a-f]+)\s+(.*)$", line)
        if not match or "O" not in match.group(1):
            continue
        section, size, name = match.group(2), int(match.group(3), 16), match.group(4).replace(".hidden ", "")
        writable = re.match(r"\.(?:data|bss|tdata|tbss)(?:\.|$)", section) and not section.startswith(".data.rel.ro")
        if writable and size and not re.match(r"guard variable|DW\.ref\.|__\w", name):
            findings.append(f"{library.name}: mutable global {name} in {section}")
    return findings


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=source_text.ROOT)
    parser.add_argument("--objects", type=Path, metavar="BUILD", help="scan this build's static libraries instead")
    options = parser.parse_args()
    if options.objects is None:
        return source_text.report("purity of the source", scan_source(options.root))
    found = libraries(options.objects)
    findings = [] if found else [f"{options.objects}: no static libraries to scan"]
    for library in found:
        findings += scan_symbols(library) + scan_data(library)
    return source_text.report(f"purity of {len(found)} libraries", findings)


if __name__ == "__main__":
    sys.exit(main())
