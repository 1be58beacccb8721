"""Each check must go red when its offence is planted, and stay green without it."""

import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parent

HEADER = "// A thing. Owns nothing. Never blocks.\n#pragma once\n"


@pytest.fixture
def tree(tmp_path):
    """A small tree that every check accepts."""
    write(tmp_path, "core/base/CMakeLists.txt", "zt_room(base)\n")
    write(tmp_path, "core/base/ids.hpp", HEADER + "struct Id {\n  int value = 0;\n};\n")
    write(tmp_path, "core/tree/CMakeLists.txt", "zt_room(tree DEPENDS base LIBS Boost::headers)\n")
    write(tmp_path, "core/tree/tree.hpp", HEADER + '#include "core/base/ids.hpp"\nstruct Tree {\n  Id id;\n};\n')
    write(tmp_path, "sim/CMakeLists.txt", "zt_room(sim DEPENDS tree)\n")
    write(tmp_path, "net/CMakeLists.txt", "zt_room(net DEPENDS tree)\n")
    write(tmp_path, "net/listener.hpp", HEADER + "struct Listener {};\n")
    return tmp_path


def write(root, name, text):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def run(check, root, *arguments):
    command = [sys.executable, str(TOOLS / f"check_{check}.py"), "--root", str(root), *arguments]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode in (0, 1), result.stderr
    return result.returncode == 0, result.stdout


# The exceptions of the real tree are unused in the small one; that finding is expected there.
def purity(root):
    _, output = run("purity", root)
    return [line for line in output.splitlines()[:-1] if "unused exception" not in line]


@pytest.mark.parametrize("check", ["arrows", "sizes", "headers"])
def test_a_tidy_tree_passes(tree, check):
    holds, output = run(check, tree)
    assert holds, output


@pytest.mark.parametrize("name, line", [
    ("core/base/ids.hpp", '#include "core/tree/tree.hpp"'),
    ("core/tree/tree.hpp", '#include "net/listener.hpp"'),
    ("sim/world.cpp", '#include "net/listener.hpp"'),
    ("core/tree/tree.cpp", '#include "tree.hpp"'),
    ("core/tree/tree.cpp", '#include "tests/unit/tree.hpp"'),
    ("net/listener.cpp", "#include <core/tree/tree.hpp>"),
])
def test_an_include_against_the_arrows_is_found(tree, name, line):
    write(tree, "tests/unit/tree.hpp", HEADER)
    write(tree, name, HEADER + line + "\n")
    holds, output = run("arrows", tree)
    assert not holds and name in output, output


@pytest.mark.parametrize("folder, room", [
    ("core/base", "zt_room(base DEPENDS tree)"), ("sim", "zt_room(sim DEPENDS net)"),
    ("properties", "zt_room(properties DEPENDS tree)"), ("core/tree", "zt_room(tree DEPENDS nothing)"),
    ("core/news", "zt_room(news DEPENDS base)"),
])
def test_a_declared_arrow_that_goes_up_is_found(tree, folder, room):
    write(tree, f"{folder}/CMakeLists.txt", room + "\n")
    holds, output = run("arrows", tree)
    assert not holds and folder in output, output


def test_a_clean_engine_is_pure(tree):
    write(tree, "core/base/time.cpp", '// std::mutex\nint f(int time) { return time + 1\'000; }\nconst char* s = "float";\n')
    assert purity(tree) == []


@pytest.mark.parametrize("line", [
    "auto t = std::chrono::steady_clock::now();", "int t = time(nullptr);", "std::mutex m;", "std::thread t;",
    "thread_local int x;", "std::atomic<int> x;", "#include <fstream>", "#include <boost/asio.hpp>", "std::cout << 1;",
    "int s = socket(AF_INET, 0, 0);", 'auto* h = getenv("HOME");', "bool b = isspace(c);", "std::mt19937 g;",
    "int r = rand();", "std::hash<int> h;", "double d = 1;", "auto d = 1.5;", "throw 1;",
    "auto a = reinterpret_cast<uintptr_t>(this);",
])
def test_an_impure_line_is_found(tree, line):
    write(tree, "core/base/impure.cpp", line + "\n")
    assert any("core/base/impure.cpp:1" in finding for finding in purity(tree))


@pytest.mark.parametrize("code, symbol", [
    ("#include <time.h>\nlong f() { return time(0); }", "time"),
    ("#include <stdlib.h>\nchar* f() { return getenv(\"A\"); }", "getenv"),
    ("#include <chrono>\nauto f() { return std::chrono::system_clock::now(); }", "system_clock"),
    ("#include <sys/socket.h>\nint f() { return socket(1, 2, 3); }", "socket"),
    ("int counter = 3;\nint f() { return ++counter; }", "counter"),
    ("int f() { static int calls; return ++calls; }", "calls"),
    ("struct Base { virtual ~Base(); virtual int f(); };\nBase::~Base() {}\nint Base::f() { return 1; }", None),
    ("static const char* const kNames[] = {\"a\", \"b\"};\nconst char* f(int i) { return kNames[i]; }", None),
])
def test_impure_objects_are_found(tmp_path, code, symbol):
    write(tmp_path, "a.cpp", code)
    (tmp_path / "core").mkdir()
    subprocess.run(["g++", "-std=c++20", "-O1", "-fPIC", "-c", "a.cpp", "-o", "a.o"], cwd=tmp_path, check=True)
    subprocess.run(["ar", "rc", "core/libzt_a.a", "a.o"], cwd=tmp_path, check=True)
    holds, output = run("purity", tmp_path, "--objects", str(tmp_path))
    assert holds == (symbol is None), output
    assert symbol is None or symbol in output


def test_a_build_without_libraries_is_not_called_pure(tmp_path):
    assert not run("purity", tmp_path, "--objects", str(tmp_path))[0]


LONG = "int f() {\n" + "  g();\n" * 80 + "}\n"


@pytest.mark.parametrize("name, text, what", [
    ("core/base/a.cpp", LONG, "82 lines"),
    ("core/base/a.cpp", "namespace n {\nclass C {\n public:\n  C() : a_(1) {\n" + "    g();\n" * 80 + "  }\n};\n}\n", "lines"),
    ("core/base/a.cpp", "int a;\n" * 700, "700 lines"),
    ("core/base/a.cpp", "// " + "x" * 100 + "\n", "columns"),
    ("core/base/a.hpp", "#pragma once\n", "opens"),
    ("core/base/a.hpp", "// A thing.\n", "pragma"),
    ("core/base/a.cpp", "int a; \n", "blanks"),
    ("core/base/a.cpp", "// TO" "DO: more\n", "note to oneself"),
    ("tools/a.py", "def f():\n" + "    g()\n" * 80, "81 lines"),
])
def test_an_oversized_or_untidy_file_is_found(tree, name, text, what):
    write(tree, name, text)
    holds, output = run("sizes", tree)
    assert not holds and name in output and what in output, output


def test_many_small_functions_are_not_one_long_one(tree):
    write(tree, "core/base/a.cpp", "namespace n {\nstruct S {\n" + "  int f() { return 1; }\n" * 80 + "};\n}\n")
    holds, output = run("sizes", tree)
    assert holds, output


def test_the_ratchet_only_turns_down(tree):
    write(tree, "core/base/a.cpp", LONG)
    for allowed, expected in [(82, True), (81, False), (90, False)]:
        write(tree, "tools/size_exceptions.txt", f"core/base/a.cpp f {allowed}\n")
        holds, output = run("sizes", tree)
        assert holds == expected, output
    write(tree, "core/base/a.cpp", "int f() { return 1; }\n")
    assert not run("sizes", tree)[0]


def test_a_header_that_needs_another_first_is_found(tree):
    assert run("headers", tree)[0]
    write(tree, "core/tree/tree.hpp", HEADER + "struct Tree {\n  Id id;\n};\n")
    holds, output = run("headers", tree)
    assert not holds and "core/tree/tree.hpp" in output, output
