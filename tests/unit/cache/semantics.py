#!/usr/bin/env python3
"""Goal: every promise of the cache has a test. Method: the lines of SEMANTICS.md against the numbers that names of tests begin
with.

usage: semantics.py DIRECTORY
"""
import pathlib
import re
import sys


def main():
    here = pathlib.Path(sys.argv[1])
    lines = set(re.findall(r"^\| ([A-Z]\d) \|", (here / "SEMANTICS.md").read_text(encoding="utf-8"), re.M))
    tested = set()
    for file in here.glob("*.test.cpp"):
        for name in re.findall(r'TEST_CASE\(\s*"([^"]*)"', file.read_text(encoding="utf-8")):
            tested.update(re.match(r"(?:[A-Z]\d )*", name).group().split())
    wrong = ["expected a test whose name begins with %s, found none" % line for line in sorted(lines - tested)]
    wrong += ["expected a line %s in SEMANTICS.md, as a test begins with it, found none" % line for line in sorted(tested - lines)]
    if not lines:
        wrong.append("SEMANTICS.md: expected lines, found none")
    print("\n".join(wrong) if wrong else "%d promises, each with a test" % len(lines))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
