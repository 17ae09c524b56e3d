#!/usr/bin/env python3
"""Goal: the README's examples are code that a test compiles and runs. Method: each example file of tests/consumer has to stand in the
README, word for word.

usage: readme_examples.py SOURCE_DIRECTORY
"""
import pathlib
import sys


def main():
    source = pathlib.Path(sys.argv[1])
    readme = (source / "README.md").read_text(encoding="utf-8")
    missing = [name for name in ("embed.cpp", "hello.cpp")
               if (source / "tests/consumer/project" / name).read_text(encoding="utf-8").strip() not in readme]
    for name in missing:
        print("README.md: expected the text of tests/consumer/project/%s, found another; copy the file into it" % name)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
