"""Goal: what an operator does with keys and signatures works from the command line, and its exit codes can be relied on.
Method: runs tenonctl on files in a directory of its own.

usage: pin_commands.py TENONCTL
"""
import hashlib
import os
import stat
import sys
import unittest

sys.dont_write_bytecode = True
from plugin_commands import InAPlace, run  # noqa: E402


class PinCommands(InAPlace):
    def setUp(self):
        super().setUp()
        self.plugins = self.place / "plugins"
        self.plugins.mkdir()
        self.plugin = self.plugins / "gam.so"
        self.plugin.write_bytes(b"the plugin's bytes")
        self.hash = hashlib.sha256(self.plugin.read_bytes()).hexdigest()
        self.key = self.place / "release.pem"
        self.public = self.place / "release.pub.pem"
        self.assertEqual(run("keygen", self.place / "release")[0], 0)

    def sign(self, *more):
        code, out, error = run("sign", self.plugin, "--key", self.key, *more)
        self.assertEqual(code, 0, error)
        return out

    def configure(self, host="", rest=""):
        config = self.place / "tenon.toml"
        config.write_text('[host]\nplugin_dirs = ["plugins"]\nstore_dir = "store"\n' + host + "\n" + rest)
        return config

    def test_a_private_key_is_its_owners_alone_and_never_overwritten(self):
        self.assertEqual(stat.S_IMODE(os.stat(self.key).st_mode), 0o600)
        before = self.key.read_text()
        code, _, error = run("keygen", self.place / "release")
        self.assertEqual(code, 1)
        self.assertIn("expected no such file yet", error)
        self.assertEqual(self.key.read_text(), before)

    def test_what_is_held_against_bytes_is_forgotten_and_nothing_else(self):
        store = self.place / "store"
        store.mkdir(mode=0o700)
        marks = [store / f"{self.hash}.loading.1.Ab12Cd", store / f"{self.hash}.canary"]
        others = [store / ("f" * 64 + ".canary"), store / f"gam-1.0.0-{self.hash[:16]}.so"]
        for file in marks + others:
            file.write_text("x")
        code, out, error = run("forget", self.hash[:16], "--config", self.configure())
        self.assertEqual(code, 0, error)
        self.assertIn("2 findings", out)
        self.assertFalse(any(file.exists() for file in marks))
        self.assertTrue(all(file.exists() for file in others))
        self.assertEqual(run("forget", self.hash[:16], "--store", store)[0], 0)
        self.assertEqual(run("forget", "gam", "--store", store)[0], 1)
        self.assertEqual(run("forget", self.hash[:16])[0], 2)

    def test_keygen_takes_a_directory_too(self):
        code, out, _ = run("keygen", self.place)
        self.assertEqual(code, 0)
        self.assertIn("plugin-key.pub.pem", out)
        self.assertTrue((self.place / "plugin-key.pem").exists())

    def test_what_was_signed_verifies_and_shows_its_hash(self):
        self.assertIn(self.hash, self.sign())
        code, out, _ = run("verify", self.plugin, "--key", self.public)
        self.assertEqual(code, 0)
        self.assertIn("sha256  " + self.hash, out)
        self.assertIn("pinned  by key", out)

    def test_signing_again_replaces_the_signature(self):
        self.sign()
        self.plugin.write_bytes(b"the next build")
        self.sign()
        self.assertEqual(run("verify", self.plugin, "--key", self.public)[0], 0)
        self.assertEqual(sorted(p.name for p in self.plugins.iterdir()), ["gam.so", "gam.so.sig"])

    def test_other_bytes_another_name_another_key_and_no_signature_fail(self):
        code, out, error = run("verify", self.plugin, "--key", self.public)
        self.assertEqual(code, 1)
        self.assertIn("pinned  no", out)
        self.assertIn("found neither", error)
        self.sign()
        self.assertEqual(run("verify", self.plugin, "--key", self.public, "--name", "kevel")[0], 1)
        run("keygen", self.place / "other")
        code, _, error = run("verify", self.plugin, "--key", self.place / "other.pub.pem")
        self.assertEqual(code, 1)
        self.assertIn("expected a signature by one of host.plugin_keys", error)
        self.assertEqual(
            run("verify", self.plugin, "--key", self.place / "other.pub.pem", "--key", self.public)[0], 0)
        self.plugin.write_bytes(b"The plugin's bytes")
        self.assertEqual(run("verify", self.plugin, "--key", self.public)[0], 1)

    def test_a_file_that_is_called_otherwise_now_is_signed_for_its_name(self):
        build = self.plugins / "gam-1.2.so"
        build.write_bytes(self.plugin.read_bytes())
        self.assertEqual(run("sign", build, "--key", self.key, "--name", "gam")[0], 0)
        os.replace(str(build) + ".sig", str(self.plugin) + ".sig")
        self.assertEqual(run("verify", self.plugin, "--key", self.public)[0], 0)

    def test_the_configuration_decides_as_the_host_would(self):
        config = self.configure('plugin_keys = ["release.pub.pem"]\nrequire_pin = true')
        self.assertEqual(run("verify", self.plugin, "--config", config)[0], 1)
        self.sign()
        self.assertEqual(run("verify", self.plugin, "--config", config)[0], 0)
        config = self.configure(rest='[plugins.gam]\nsha256 = ["%s"]\n' % self.hash)
        code, out, _ = run("verify", self.plugin, "--config", config)
        self.assertEqual(code, 0)
        self.assertIn("by plugins.gam.sha256", out)
        config = self.configure(rest='[plugins.gam]\nsha256 = ["%s"]\n' % ("0" * 64))
        self.assertEqual(run("verify", self.plugin, "--config", config)[0], 1)

    def test_a_plugin_that_nothing_vouches_for_fails_although_the_host_would_load_it(self):
        code, _, error = run("verify", self.plugin, "--config", self.configure())
        self.assertEqual(code, 1)
        self.assertIn("the host would load it nevertheless", error)

    def test_a_broken_configuration_and_missing_files_are_told(self):
        code, _, error = run("verify", self.plugin, "--config", self.configure("require_pin = 1"))
        self.assertEqual(code, 1)
        self.assertIn("tenon.toml:4: error: host.require_pin", error)
        self.assertEqual(run("verify", self.place / "none.so", "--key", self.public)[0], 1)
        self.assertEqual(run("sign", self.plugin, "--key", self.place / "none.pem")[0], 1)
        self.key.chmod(0o644)
        code, _, error = run("sign", self.plugin, "--key", self.key)
        self.assertEqual(code, 1)
        self.assertIn("mode 0600", error)

    def test_a_wrong_use_is_2_and_verifies_nothing(self):
        self.sign()
        code, out, error = run("verify", self.plugin)
        self.assertEqual(code, 2)
        self.assertIn(self.hash, out)
        self.assertIn("expected --key PUBLIC.pem or --config tenon.toml", error)
        for arguments in ((), ("sign", self.plugin), ("verify",), ("keygen",), ("sing", self.plugin)):
            self.assertEqual(run(*arguments)[0], 2, arguments)


if __name__ == "__main__":
    unittest.main()
