#!/usr/bin/env python3
"""Goal: whatever bytes come, each sender gets a clear error or a closed connection, nobody beside it notices, and
tenond keeps nothing of it. Method: a real tenond; probe after probe over raw connections, while a buyer that behaves
asks without a pause and must have every answer; then memory and descriptors are compared with what they were.

usage: hostile.py BUILD_DIRECTORY
"""
import json
import os
import pathlib
import random
import sys
import threading

from hostile_requests import bodies, heads, mutated
from raw import ask
from seller import Failed, Seller, buy, expect, wait_until

MAX_CONNECTIONS = 400
CONFIG = "max_connections = %d\n" % MAX_CONNECTIONS
LARGE = 100 << 20
BODY_KB = 16 << 10  # a body as large as it may be, and the double of it while that grows, and what a sanitizer adds
GROWTH_KB = 4 << 10
MOST_TURNS = 8


class Steady:
    """A buyer that behaves."""

    def __init__(self, seller):
        self.seller = seller
        self.answers = 0
        self.failure = None
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.stopping.is_set() and self.failure is None:
            try:
                self.seller.warm()
                self.answers += 1
            except Exception as failed:  # pylint: disable=broad-except
                self.failure = failed

    def check(self):
        expect(self.failure is None, "expected every answer for the buyer beside it, found: %s" % self.failure)

    def wait_for(self, more):
        before = self.answers
        wait_until(lambda: self.failure or self.answers >= before + more, "%d answers for the buyer beside it" % more)
        self.check()

    def stop(self):
        self.stopping.set()
        self.thread.join(120)
        self.check()


class Hostile:
    def __init__(self, seller):
        self.seller = seller
        self.port = seller.port
        self.process = pathlib.Path("/proc/%d" % seller.tenond.child.pid)
        self.probes = 0
        self.most_growth_kb = 0  # while a large body came
        self.steady = None

    # ---- what tenond has --------------------------------------------------------------------------------------------

    def descriptors(self):
        return len(os.listdir(self.process / "fd"))

    def memory_kb(self, what):
        for line in (self.process / "status").read_text().splitlines():
            if line.startswith(what + ":"):
                return int(line.split()[1])
        raise Failed("expected %s in the process's status" % what)

    def forget_peak(self):
        (self.process / "clear_refs").write_text("5")

    # ---- requests ---------------------------------------------------------------------------------------------------

    def head(self, more=b"", token=True, target=b"/t/acme/mcp", version=b"HTTP/1.1", method=b"POST"):
        lines = [method + b" " + target + b" " + version, b"Host: 127.0.0.1", b"Content-Type: application/json"]
        if token:
            lines.append(b"Authorization: Bearer " + self.seller.token.encode())
        return b"\r\n".join(lines) + b"\r\n" + more

    def with_body(self, body):
        return self.head(b"Content-Length: %d\r\n\r\n" % len(body)) + body

    def probe(self, name, pieces, expected):
        """`expected`: the statuses that the one answer may have; 0: a connection closed without any."""
        self.probes += 1
        answers, end = ask(self.port, pieces)
        expect(end in ("closed", "reset"), "%s: expected the connection to be closed, found it %s" % (name, end))
        found = [each.status for each in answers] or [0]
        expect(len(found) == 1 and found[0] in expected, "%s: expected one of %s, found %s" % (name, expected, answers))
        for each in answers:
            expect(each.status == 200 or each.body.strip(), "%s: expected an error that says something" % name)
        self.steady.check()
        return answers

    # ---- the groups -------------------------------------------------------------------------------------------------

    def wrong_bodies(self):
        for name, body in bodies():
            for each in self.probe(name, self.with_body(body), {200, 400}):
                said = json.loads(each.body)
                content = said.get("result", {}).get("structuredContent", {})
                expect("error" in said or "adcp_error" in content, "%s: expected an error, found %s" % (name, each))

    def wrong_heads(self):
        for name, text, expected in heads(self.head, self.seller.token.encode()):
            self.probe(name, text, expected)

    def large_bodies(self):
        piece = b"x" * 65536
        chunk = b"10000\r\n" + piece + b"\r\n"
        announced = [self.head(b"Content-Length: %d\r\n\r\n" % LARGE)] + [piece] * (LARGE // len(piece))
        chunked = [self.head(b"Transfer-Encoding: chunked\r\n\r\n")] + [chunk] * (LARGE // len(piece)) + [b"0\r\n\r\n"]
        for token, status in ((True, 413), (False, 401)):
            for name, pieces in (("a length of 100 MB", announced), ("chunks of 100 MB", chunked)):
                if not token:
                    pieces = [pieces[0].replace(self.seller.token.encode(), b"unknown")] + pieces[1:]
                self.forget_peak()
                before = self.memory_kb("VmRSS")
                self.probe(name, pieces, {status, 0})
                growth = self.memory_kb("VmHWM") - before
                self.most_growth_kb = max(self.most_growth_kb, growth)
                expect(growth < BODY_KB, "%s: expected memory to grow by less than %d KB, found %d" % (
                    name, BODY_KB, growth))

    def pipelined(self):
        ping = lambda number: self.with_body(json.dumps({"jsonrpc": "2.0", "id": number, "method": "ping"}).encode())
        self.probes += 1
        answers, _ = ask(self.port, b"".join(ping(number) for number in range(100)))
        ids = [json.loads(each.body)["id"] for each in answers]
        expect(ids == list(range(100)), "expected the answers to 100 pipelined requests in order, found %s" % ids)

    def slow_ones(self, count):
        """Many who send a byte now and then, half of them of a head, half of a body."""
        half = self.head(b"Content-Length: 100000\r\n\r\n")
        connections = []
        for number in range(count):
            connection = self.seller.connect()
            connection.sendall(half if number % 2 else half[:50])
            connections.append(connection)
        for _ in range(5):
            for connection in connections:
                try:
                    connection.sendall(b"x")
                except OSError:
                    pass  # it was closed to make room, which it may be
            self.steady.wait_for(3)
        self.probes += count
        for connection in connections:
            connection.close()

    def noise(self, count):
        """Requests with bytes changed, left out and doubled, always the same ones."""
        chance = random.Random(20)
        valid = b"".join(self.seller.request("get_products", {"buying_mode": "brief", "brief": "x"}))
        for number in range(count):
            text = mutated(valid, chance)
            answers, end = ask(self.port, text)
            expect(end in ("closed", "reset"), "noise %d, %r: expected it closed, found it %s" % (number, text, end))
            self.probes += 1
        self.steady.check()

    def all_groups(self):
        self.wrong_heads()
        self.wrong_bodies()
        self.large_bodies()
        self.pipelined()
        self.slow_ones(MAX_CONNECTIONS // 2)
        self.slow_ones(MAX_CONNECTIONS * 2)
        self.noise(300)
        self.steady.wait_for(10)

    def run(self):
        """Everything, again and again, until memory grows no more: the heap has to become as large as it is."""
        self.seller.warm()
        self.steady = Steady(self.seller)
        try:
            self.steady.wait_for(10)
            descriptors = self.descriptors()
            growth = GROWTH_KB
            for _ in range(MOST_TURNS):
                memory = self.memory_kb("VmRSS")
                self.all_groups()
                growth = self.memory_kb("VmRSS") - memory
                if growth < GROWTH_KB:
                    break
        finally:
            self.steady.stopping.set()
        self.steady.stop()
        wait_until(lambda: self.descriptors() <= descriptors, "the descriptors of the probes to be closed")
        expect(growth < GROWTH_KB, "expected memory to grow no more after %d times the same, found %d KB more" % (
            MOST_TURNS, growth))
        bought = self.seller.create(buy(1))
        expect("media_buy_id" in bought, "expected a buy afterwards, found %s" % bought)
        code = self.seller.tenond.stop()
        expect(code == 0, "expected tenond to end with 0, found %s" % code)


def main():
    # A sanitizer keeps what was freed, which is no growth.
    os.environ["ASAN_OPTIONS"] = ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "quarantine_size_mb=1"]))
    try:
        with Seller(sys.argv[1], "gam", server=CONFIG) as seller:
            hostile = Hostile(seller)
            hostile.run()
            print("hostile: %d probes; %d answers for the buyer beside them, none missing; memory grew by %d KB while "
                  "100 MB came" % (hostile.probes, hostile.steady.answers, hostile.most_growth_kb))
    except Failed as failed:
        print("hostile: failed: %s" % failed)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
