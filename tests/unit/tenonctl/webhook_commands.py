"""Goal: an operator makes the key that webhooks are signed with, and gets what receivers need of it. Method: runs tenonctl on
files in a directory of its own.

usage: webhook_commands.py TENONCTL
"""
import base64
import json
import os
import pathlib
import stat
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
TENONCTL = sys.argv.pop(1)


def run(*arguments):
    done = subprocess.run([TENONCTL, "webhook", *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


class WebhookCommands(unittest.TestCase):
    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.place = pathlib.Path(held.name)
        self.key = self.place / "webhook-key.pem"
        code, self.out, error = run("keygen", self.place)
        self.assertEqual(code, 0, error)

    def test_the_private_key_is_its_owners_alone_and_never_overwritten(self):
        self.assertEqual(stat.S_IMODE(os.stat(self.key).st_mode), 0o600)
        self.assertIn("webhook_signing_key", self.out)
        before = self.key.read_text()
        code, _, error = run("keygen", self.place)
        self.assertEqual(code, 1)
        self.assertIn("expected no such file yet", error)
        self.assertEqual(self.key.read_text(), before)

    def test_the_key_set_has_the_public_key_and_no_other(self):
        code, out, error = run("jwks", self.key, "--key-id", "webhooks-1")
        self.assertEqual(code, 0, error)
        (key,) = json.loads(out)["keys"]
        self.assertEqual((key["kid"], key["adcp_use"], key["key_ops"]), ("webhooks-1", "webhook-signing", ["verify"]))
        self.assertNotIn("d", key)
        pem = (self.place / "webhook-key.pub.pem").read_text()
        der = base64.b64decode("".join(pem.splitlines()[1:-1]))
        self.assertEqual(base64.urlsafe_b64decode(key["x"] + "="), der[-32:])

    def test_what_is_no_private_key_is_refused(self):
        for file in (self.place / "none.pem", self.place / "webhook-key.pub.pem"):
            self.assertEqual(run("jwks", file)[0], 1)
        self.assertEqual(run("jwks", self.key, "--key-id", "two words")[0], 1)
        self.assertEqual(run("keygen")[0], 2)
        self.assertEqual(run()[0], 2)


if __name__ == "__main__":
    unittest.main()
