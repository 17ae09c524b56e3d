"""Goal: what an operator does about a plugin that ended a host works from the command line, and its exit codes can be relied on.
Method: runs tenonctl on a store of its own.

usage: forgive_commands.py TENONCTL
"""
import sys
import unittest

sys.dont_write_bytecode = True
from plugin_commands import InAPlace, run  # noqa: E402

HASH = "a" * 63 + "1"


class ForgiveCommands(InAPlace):
    def setUp(self):
        super().setUp()
        self.store = self.place / "store"
        self.store.mkdir(mode=0o700)
        for tenant in ("acme", "beta"):
            (self.store / f"{HASH}.{tenant}.crash").write_text("signal: SIGSEGV at 0x0\nplugin: gam\n")
        (self.store / f"{HASH}.canary").write_text("")

    def left(self):
        return sorted(each.name[65:] for each in self.store.iterdir())

    def test_one_tenant_or_all(self):
        code, out, error = run("forgive", HASH[:12], "--tenant", "acme", "--store", self.store)
        self.assertEqual((code, error), (0, ""))
        self.assertIn("1 crashes of aaaaaaaaaaaa for tenant acme forgiven; reload or start the host", out)
        self.assertEqual(self.left(), ["beta.crash", "canary"])
        self.assertEqual(run("forgive", HASH, "--store", self.store)[0], 0)
        self.assertEqual(self.left(), ["canary"])

    def test_forgetting_is_about_loading_alone(self):
        self.assertEqual(run("forget", HASH[:12], "--store", self.store)[0], 0)
        self.assertEqual(self.left(), ["acme.crash", "beta.crash"])

    def test_the_configuration_names_the_store(self):
        config = self.place / "tenon.toml"
        config.write_text('[host]\nplugin_dirs = ["plugins"]\nstore_dir = "store"\n')
        code, _, error = run("forgive", HASH, "--config", config)
        self.assertEqual((code, error), (0, ""))
        self.assertEqual(self.left(), ["canary"])

    def test_what_is_wrong_is_said(self):
        code, _, error = run("forgive", HASH)
        self.assertEqual(code, 2)
        self.assertIn("expected --store DIR or --config tenon.toml, found neither", error)
        code, _, error = run("forgive", "gam", "--store", self.store)
        self.assertEqual(code, 1)
        self.assertIn("expected the SHA-256 of a plugin", error)
        self.assertEqual(run("forgive", HASH, "--store", self.place / "elsewhere")[0], 1)
        self.assertEqual(self.left(), ["acme.crash", "beta.crash", "canary"])


if __name__ == "__main__":
    unittest.main()
