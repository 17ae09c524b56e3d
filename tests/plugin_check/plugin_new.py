"""Goal: `tenonctl plugin new` makes a whole project under the name that was asked for, or nothing. Method: runs it in a
directory of its own; that the project builds and passes is tests/consumer's part.

usage: plugin_new.py TENONCTL TEMPLATE
"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

TENONCTL, TEMPLATE = (pathlib.Path(word).resolve() for word in sys.argv[1:3])


def new(*arguments):
    done = subprocess.run([TENONCTL, "plugin", "new", *map(str, arguments)], capture_output=True, text=True, timeout=60,
                          check=False)
    return done.returncode, done.stdout, done.stderr


class PluginNew(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.place = pathlib.Path(place.name)

    def test_the_template_comes_under_its_new_name(self):
        code, out, error = new("my_ads", "--dir", self.place)
        self.assertEqual(code, 0, error)
        self.assertIn("tenonctl plugin check", out)
        made = self.place / "my_ads"
        self.assertEqual(sorted(path.name for path in made.iterdir()),
                         sorted(path.name.replace("example", "my_ads") for path in TEMPLATE.iterdir()))
        for path in TEMPLATE.iterdir():
            text = path.read_text().replace("ads.example", "ads.\0").replace("example", "my_ads")
            text = text.replace("\0", "example")
            self.assertEqual((made / path.name.replace("example", "my_ads")).read_text(), text)

    def test_nothing_is_made_under_a_name_that_cannot_be(self):
        for name in ("", "Ads", "1st", "my-ads", "../ads", "a" * 65, "test", "tenon_ads"):
            code, _, error = new("--dir", self.place, "--", name)
            self.assertEqual(code, 2, name)
            self.assertIn("expected a name" if name else "name", error)
        self.assertEqual(list(self.place.iterdir()), [])

    def test_what_is_there_stays(self):
        for there in (self.place / "one", self.place / "two"):
            there.mkdir()
        (self.place / "two" / "kept").write_text("kept")
        (self.place / "three").write_text("kept")
        for name in ("one", "two", "three"):
            code, _, error = new(name, "--dir", self.place)
            self.assertEqual(code, 1)
            self.assertIn("expected no such file or directory yet", error)
        self.assertEqual(sorted(path.name for path in self.place.iterdir()), ["one", "three", "two"])
        self.assertEqual(list((self.place / "one").iterdir()), [])

    def test_a_directory_that_is_not_there_is_an_error(self):
        code, _, error = new("ads", "--dir", self.place / "missing")
        self.assertEqual(code, 1)
        self.assertIn("expected a directory", error)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
