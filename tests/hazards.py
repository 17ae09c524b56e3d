#!/usr/bin/env python3
"""Goal: the table of hazards is true. Method: every fixture it names has to be a directory of tests/plugins, and every test it
quotes has to be a TEST_CASE of that very name; the rows are numbered without a gap.

usage: hazards.py SOURCE_DIRECTORY
"""
import pathlib
import re
import sys


def main():
    tests = pathlib.Path(sys.argv[1]) / "tests"
    names = {name for file in tests.rglob("*.test.cpp")
             for name in re.findall(r'TEST_CASE\(\s*"((?:[^"\\]|\\.)*)"', file.read_text(encoding="utf-8"))}
    wrong, rows = [], 0
    lines = (tests / "HAZARDS.md").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        row = re.match(r"\| (\d+) \|", line)
        if not row:
            continue
        rows += 1
        place = "tests/HAZARDS.md:%d: " % number
        if int(row.group(1)) != rows:
            wrong.append(place + "expected row %d, found row %s" % (rows, row.group(1)))
        cells = re.split(r"\s*\|\s*", line)[1:-1]
        if len(cells) != 5:
            wrong.append(place + "expected 5 cells, found %d" % len(cells))
            continue
        wrong += [place + "expected a fixture, found no directory tests/plugins/" + fixture
                  for fixture in re.findall(r"`([^`]+)`", cells[3]) if not (tests / "plugins" / fixture).is_dir()]
        wrong += [place + 'expected the name of a test, found none that is called "%s"' % quoted
                  for quoted in re.findall(r'"([^"]+)"', cells[4]) if quoted not in names]
        if "not used" not in cells[2] and "gets neither" not in cells[2] and '"' not in cells[4]:
            wrong.append(place + "expected at least one test, found none")
    if rows == 0:
        wrong.append("tests/HAZARDS.md: expected rows that begin with a number, found none")
    print("\n".join(wrong) if wrong else "%d hazards, each with its proof" % rows)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
