#!/usr/bin/env python3
"""Goal: wherever a connection is cut while a buy is made, a retry finds one order, whole. Method: real processes. Every
exchange of a create with the ad server is cut in turn, in every way that the stand-in has; the buyer's connection is
closed or reset at points of its request, of every exchange meanwhile, and of its answer; what the stand-in holds in the
end is compared with what the buyer was told.

usage: cuts.py BUILD_DIRECTORY gam|kevel

TENON_CUTS=all cuts every exchange in every way; ctest cuts each in one, and writes in two.
"""
import os
import socket
import struct
import sys

from bought import check_bought, check_nothing_else
from buyer import Ends, settle
from exchanges import exchanges_of, is_write
from seller import Failed, Gone, Seller, buy, expect, wait_until

WAYS = [{"drop": "reset_before"}, {"drop": "reset_after"}, {"cut": "body"}, {"truncate": True},
        {"status": 503, "body": "<html>"}, {"late_commit_ms": 150}]
SLOW_MS = 150  # an exchange during which the buyer leaves


def way_text(way):
    return " ".join("%s %s" % each for each in way.items())


class Cuts:
    def __init__(self, seller):
        self.seller = seller
        self.ends = Ends()
        self.buys = 0
        self.exchanges = []

    def next_buy(self):
        self.buys += 1
        return self.buys, buy(self.buys)

    def check(self, number, answer):
        check_bought(self.seller, number, answer)

    # ---- the ad server's side ---------------------------------------------------------------------------------------

    def cut_exchange(self, point, way):
        number, request = self.next_buy()
        self.seller.arm(point, **way)
        said = settle(self.seller, request, self.ends)
        expect(not self.seller.armed(), "expected the fault to hit, found it armed")
        self.check(number, said)

    def cut_exchanges(self, everything):
        cuts = 0
        for point, route in enumerate(self.exchanges):
            ways = WAYS
            if not everything:
                ways = [WAYS[point % len(WAYS)]]
                if is_write(route):
                    ways = [WAYS[1], WAYS[(0, 2, 3, 4, 5)[point % 5]]]
            for way in ways:
                try:
                    self.cut_exchange(point, way)
                except (Failed, Gone) as failed:
                    raise Failed("exchange %d, %s, with %s: %s" % (point, route, way_text(way), failed)) from failed
                cuts += 1
        return cuts

    # ---- the buyer's side -------------------------------------------------------------------------------------------

    def hang_up(self, connection, reset):
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    def leave_in_request(self, sent, reset):
        """After so many bytes of the request: a fraction of its head, or of its body."""
        number, request = self.next_buy()
        head, body = self.seller.request("create_media_buy", request)
        whole = head + body
        length = {"head": len(head) // 2, "line": 20, "between": len(head), "body": len(head) + len(body) // 2,
                  "almost": len(whole) - 1, "whole": len(whole)}[sent]
        connection = self.seller.connect()
        connection.sendall(whole[:length])
        self.hang_up(connection, reset)
        self.check(number, settle(self.seller, request, self.ends))

    def leave_in_exchange(self, point, reset):
        """While the ad server takes its time."""
        number, request = self.next_buy()
        self.seller.arm(point, latency_ms=SLOW_MS)
        connection = self.seller.connect()
        connection.sendall(b"".join(self.seller.request("create_media_buy", request)))
        wait_until(lambda: not self.seller.armed(), "exchange %d of a create" % point)
        self.hang_up(connection, reset)
        self.check(number, settle(self.seller, request, self.ends))

    def leave_in_answer(self, received, reset):
        number, request = self.next_buy()
        connection = self.seller.connect()
        connection.sendall(b"".join(self.seller.request("create_media_buy", request)))
        expect(connection.recv(received, socket.MSG_WAITALL), "expected an answer, found none")
        self.hang_up(connection, reset)
        self.check(number, settle(self.seller, request, self.ends))

    def leave(self, everything):
        left = 0
        plans = [(self.leave_in_request, sent) for sent in ("line", "head", "between", "body", "almost", "whole")]
        plans += [(self.leave_in_exchange, point) for point in range(len(self.exchanges))]
        plans += [(self.leave_in_answer, received) for received in (1, 60, 300)]
        for plan, where in plans:
            for reset in (False, True) if everything else (left % 2 == 1,):
                try:
                    plan(where, reset)
                except (Failed, Gone) as failed:
                    how = "reset" if reset else "closed"
                    raise Failed("%s, %s, %s: %s" % (plan.__name__, where, how, failed)) from failed
                left += 1
        return left

    def run(self, everything):
        self.exchanges, self.buys = exchanges_of(self.seller, buy, self.check)
        cut = self.cut_exchanges(everything)
        left = self.leave(everything)
        check_nothing_else(self.seller, self.buys)
        return cut, left


def main():
    build, kind = sys.argv[1:]
    try:
        with Seller(build, kind) as seller:
            cuts = Cuts(seller)
            cut, left = cuts.run(os.environ.get("TENON_CUTS") == "all")
            print("cuts: %s: %d cuts in the %d exchanges of a create, %d times the buyer left; "
                  "%d buys, each there once and whole" % (kind, cut, len(cuts.exchanges), left, cuts.buys))
            print("   buyers met: %s" % cuts.ends.told())
    except Failed as failed:
        print("cuts: %s: failed: %s" % (kind, failed))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
