"""tools/mutants.py on a project of one file: what it calls caught, and what it never lets pass for caught."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parent

CMAKE = """cmake_minimum_required(VERSION 3.25)
project(small C)
add_executable(zoetrope server.c)
add_executable(test_base test.c)
"""
PRESETS = {"version": 6, "configurePresets": [{"name": "release", "generator": "Ninja", "binaryDir": "${sourceDir}/build/release"}]}

# A campaign of which seed 5 goes red when it is broken.
SERVER = """#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kBroken = 0 };
static const char* kProperty = "reads_are_true";
int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "explore") == 0) {
    if (kBroken) printf("{\\"property\\":\\"%s\\"}\\n", kProperty);
    if (!kBroken) printf("{\\"complete\\":true}\\n");
    return kBroken;
  }
  int first = 1, last = 1;
  for (int i = 1; i + 1 < argc; ++i)
    if (strcmp(argv[i], "--seeds") == 0) sscanf(argv[i + 1], "%d..%d", &first, &last);
  int red = kBroken && first <= 5 && last >= 5;
  if (red && kBroken == 2) return fprintf(stderr, "a broken invariant; sim --seed 5 --profile calm"), 1;
  printf("{\\"runs\\":%d,\\"virtual_ms\\":61000,\\"failures\\":[", last - first + 1);
  if (red) printf("{\\"seed\\":5,\\"violations\\":[{\\"property\\":\\"%s\\"}]}", kProperty);
  printf("]}\\n");
  return red;
}
"""
TEST = """#include <stdio.h>
#include <string.h>

enum { kBroken = 0 };
int main(int argc, char** argv) {
  int known = argc > 1 && strcmp(argv[1], "--gtest_filter=Ids.AreUnique") == 0;
  printf("[==========] Running %d test from %d test suite.\\n", known, known);
  return known && kBroken;
}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """One build folder for all tests of this file; each brings its own mutants."""
    root = tmp_path_factory.mktemp("project")
    for name, text in [("CMakeLists.txt", CMAKE), ("CMakePresets.json", json.dumps(PRESETS)), ("server.c", SERVER), ("test.c", TEST)]:
        (root / name).write_text(text)
    (root / "properties/mutants").mkdir(parents=True)
    return root


@pytest.fixture
def plant(project):
    """plant(name, old, new, catcher, file) writes a mutant that replaces one line; plant.run() runs all of them."""
    folder = project / "properties/mutants"
    for path in folder.iterdir():
        path.unlink()

    def write(name, old, new, catcher="sim calm reads_are_true", file="server.c"):
        lines = (project / file).read_text().splitlines()
        number = lines.index(old)
        header = f"Breaks: a thing\nSeen: typical\nCaught by: {catcher}\n\n"
        hunk = f"--- a/{file}\n+++ b/{file}\n@@ -{number},3 +{number},3 @@\n"
        text = header + hunk + f" {lines[number - 1]}\n-{old}\n+{new}\n {lines[number + 1]}\n"
        (folder / f"{name}.patch").write_text(text)

    def run(*arguments):
        command = [sys.executable, str(TOOLS / "mutants.py"), "--root", str(project), "--budget", "2", *arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    write.run, write.folder = run, folder
    return write


SOUND, BROKEN, ASSERTING = "enum { kBroken = 0 };", "enum { kBroken = 1 };", "enum { kBroken = 2 };"


def test_what_goes_red_as_named_is_caught(plant):
    plant("by_property", SOUND, BROKEN)
    plant("by_assertion", SOUND, ASSERTING, catcher="sim calm assertion")
    plant("by_test", SOUND, BROKEN, catcher="unit base Ids.AreUnique", file="test.c")
    plant("by_exploration", SOUND, BROKEN, catcher="explore election reads_are_true")
    status, output = plant.run()
    assert status == 0 and "mutants: 4 caught, 0 not" in output, output
    line = next(line for line in output.splitlines() if line.startswith("by_property "))
    assert line.split()[1:7] == ["sim", "calm", "reads_are_true", "5", "1m01s", line.split()[6]], line


def test_a_mutant_that_changes_nothing_survives(plant):
    plant("nothing", SOUND, SOUND + " ")
    status, output = plant.run()
    assert status == 1 and "nothing  SURVIVED" in output and "0 caught, 1 not" in output, output


def test_a_test_that_stays_green_catches_nothing(plant):
    plant("nothing", SOUND, SOUND + " ", catcher="unit base Ids.AreUnique", file="test.c")
    status, output = plant.run()
    assert status == 1 and "Ids.AreUnique passes" in output, output


def test_another_property_than_the_named_one_does_not_count(plant):
    plant("mistaken", SOUND, BROKEN, catcher="sim calm writes_are_true")
    status, output = plant.run()
    assert status == 1 and "CAUGHT BY ANOTHER than it names: reads_are_true (seed 5)" in output, output


def test_an_exploration_that_breaks_nothing_or_something_else_catches_nothing(plant):
    plant("nothing", SOUND, SOUND + " ", catcher="explore election reads_are_true")
    plant("mistaken", SOUND, BROKEN, catcher="explore epoch writes_are_true")
    status, output = plant.run()
    assert status == 1 and "0 caught, 2 not" in output, output
    assert "no order of election breaks reads_are_true" in output, output
    assert "CAUGHT BY ANOTHER than it names: reads_are_true" in output, output


def test_a_patch_that_does_not_apply_is_named(plant):
    plant("stale", SOUND, BROKEN)
    patch = plant.folder / "stale.patch"
    patch.write_text(patch.read_text().replace(f"-{SOUND}", "-enum { kGone = 0 };"))
    status, output = plant.run()
    assert status == 1 and "properties/mutants/stale.patch does not apply" in output, output


def test_a_patch_that_does_not_build_is_an_error(plant):
    plant("wrong", SOUND, "enum { kBroken = };")
    status, output = plant.run()
    assert status == 1 and "wrong  ERROR: does not build" in output, output


def test_a_test_that_does_not_exist_is_an_error(plant):
    plant("lost", SOUND, BROKEN, catcher="unit base Ids.AreGone", file="test.c")
    status, output = plant.run()
    assert status == 1 and "test_base has no test Ids.AreGone" in output, output


@pytest.mark.parametrize("header, what", [
    ("Breaks: a\nSeen: b\n", "lacks 'Caught by:'"),
    ("Breaks: a\nBreaks: a\nSeen: b\n", "repeated field 'Breaks'"),
    ("Breaks: a\nSeen: b\nCaught by: luck\n", "wants 'sim PROFILE PROPERTY'"),
    ("Breaks: a\nSeen: b\nCaught by: sim quiet reads_are_true\n", "no such profile: quiet"),
    ("Breaks: a\nSeen: b\nCaught by: explore everything reads_are_true\n", "no such scope: everything"),
    ("a note\n", "neither a field"),
])
def test_a_bad_header_is_named(plant, header, what):
    (plant.folder / "bad.patch").write_text(header + "\n--- a/server.c\n+++ b/server.c\n")
    status, output = plant.run()
    assert status == 1 and "properties/mutants/bad.patch" in output and what in output, output


def test_names_select_and_unknown_ones_are_refused(plant):
    plant("one", SOUND, BROKEN)
    plant("other", SOUND, SOUND + " ")
    assert plant.run("one")[0] == 0
    status, output = plant.run("--list", "one")
    assert status == 0 and "caught by: sim calm reads_are_true" in output and "other" not in output, output
    status, output = plant.run("none")
    assert status == 2 and "no such mutant: none" in output, output


def test_the_check_finds_what_has_rotted(plant):
    def check():
        command = [sys.executable, str(TOOLS / "check_mutants.py"), "--root", str(plant.folder.parents[1])]
        done = subprocess.run(command, capture_output=True, text=True)
        return done.returncode, done.stdout

    (plant.folder.parent / "reads.cpp").write_text('const char* name = "reads_are_true";\n')
    plant("good", SOUND, BROKEN)
    assert check()[0] == 0, check()
    plant("good", SOUND, BROKEN, catcher="sim calm nothing_is_true")
    assert check()[0] == 1 and "nothing is called 'nothing_is_true'" in check()[1]
    plant("good", SOUND, BROKEN)
    (plant.folder / "good.patch").write_text((plant.folder / "good.patch").read_text().replace("kBroken = 0", "kGone = 0"))
    assert check()[0] == 1 and "good.patch does not apply" in check()[1]
