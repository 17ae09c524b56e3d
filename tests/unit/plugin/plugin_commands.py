"""What the tests of `tenonctl plugin` have in common: the program, which is their first argument, and a place to work in."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

TENONCTL = pathlib.Path(sys.argv.pop(1)).resolve()


def run(*arguments):
    """The exit code, what was printed, and what was said to be wrong."""
    done = subprocess.run([TENONCTL, "plugin", *map(str, arguments)], capture_output=True, text=True, timeout=60,
                          check=False)
    return done.returncode, done.stdout, done.stderr


class InAPlace(unittest.TestCase):
    """A directory of its own, `place`, which goes with the test."""

    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.place = pathlib.Path(place.name)
