"""What scripts that run our programs share: children with a log each, and waiting with a bound."""
import json
import signal
import subprocess
import time
import urllib.request

PATIENCE_S = 60


class Failed(Exception):
    """A step did not show what it had to."""


def expect(holds, what):
    if not holds:
        raise Failed(what)


def wait_until(condition, what):
    """Polls a condition, bounded; returns its first true value."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise Failed("expected %s within %d s" % (what, PATIENCE_S))


def get_json(url):
    with urllib.request.urlopen(url, timeout=30) as answer:
        return json.load(answer)


class Process:
    """A child of ours, its output in a log file."""

    def __init__(self, name, command, directory):
        self.name = name
        self.log = directory / (name + ".log")
        with open(self.log, "wb") as log:
            self.child = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)

    def alive(self):
        return self.child.poll() is None

    def kill(self):
        """SIGKILL."""
        self.child.kill()
        self.child.wait()

    def stop(self):
        """SIGTERM, then the exit code."""
        if self.alive():
            self.child.send_signal(signal.SIGTERM)
        try:
            return self.child.wait(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def tail(self):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])


class Programs:
    """Children that share a directory, in the order in which they were started."""

    def __init__(self, root):
        self.root = root
        self.processes = []

    def start(self, name, command):
        process = Process(name, [str(part) for part in command], self.root)
        self.processes.append(process)
        return process

    def read_port(self, process, file):
        def port():
            if not process.alive():
                raise Failed("%s ended early:\n%s" % (process.name, process.tail()))
            return int(file.read_text()) if file.exists() else 0
        return wait_until(port, process.name + " to listen")
