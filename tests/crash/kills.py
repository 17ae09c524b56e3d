#!/usr/bin/env python3
"""Goal: however often tenond, or the ad server, dies between a write to the ad server and the answer to the buyer, a
retry finds one order, whole, and what is not known yet stays submitted until it is. Method: real processes; the
stand-in does an exchange of a create and keeps its answer, tenond is killed with SIGKILL then, and started on what is
on the disk; the buyer repeats itself in several ways; what the stand-in holds in the end is compared with what the
buyer was told.

usage: kills.py BUILD_DIRECTORY gam|kevel

TENON_KILLS=200 makes so many kills between a write and the answer; ctest makes a few.
"""
import itertools
import sys

from bought import check_bought, check_nothing_else, orders_of
from exchanges import exchanges_of, is_write
from buyer import Ends, code_of, is_submitted, is_transient, repeat, settle, task_end
from seller import Failed, Gone, Seller, buy, expect, rounds, wait_until

LAST_WRITE = {"gam": "POST /v1/networks/{n}/orders:batchApprove", "kevel": "PUT /kevel/v1/campaign/{campaign}"}


class Kills:
    def __init__(self, seller):
        self.seller = seller
        self.ends = Ends()
        self.retries = [self.plain, self.conflict, self.while_down, self.while_submitted, self.killed_again,
                        self.both_killed, self.ad_server_killed]
        self.buys = 0
        self.between = 0   # kills while the ad server had something of the buy, and the buyer no answer
        self.kept_from = {}  # how often the answer of which route was kept back, its work done
        self.exchanges = []
        self.first_later = 0
        self.later = 0     # buys that named creatives before these were sent

    def next_buy(self):
        self.buys += 1
        return self.buys, buy(self.buys, sends_later=self.sends_later(self.buys))

    def sends_later(self, number):
        """Whether the buy of that number names its creatives before they are sent."""
        return number > self.first_later and number % 3 == 0

    def check(self, number, said):
        """The buyer sends what it still has to send, twice; then all is there once."""
        if self.sends_later(number):
            went = self.seller.send_creatives(number)
            told = [[each["package_id"]] for each in said["packages"]]
            expect(went == told, "buy %d: expected its creatives to go to %s, found %s" % (number, told, went))
            again = self.seller.send_creatives(number)
            expect(not any(again), "buy %d: expected its creatives to go nowhere again, found %s" % (number, again))
            self.later += 1
        check_bought(self.seller, number, said)

    def learn_exchanges(self):
        """What a platform that is there asks for a create, in order."""
        check = lambda number, answer: check_bought(self.seller, number, answer)
        self.exchanges, self.buys = exchanges_of(self.seller, buy, check)
        self.first_later = self.buys

    def points(self):
        """What is kept back, one exchange after the other, done or not: first every write, then everything again and
        again. One more than there are exchanges: none."""
        count = len(self.exchanges)
        writes = [point for point, route in enumerate(self.exchanges) if is_write(route)]
        yield 0, "before"
        for point in writes:
            yield point, "after"
        yield count, "after"
        for turn in itertools.count():
            for point in range(writes[0], count):
                yield point, "before" if turn % 3 == 1 else "after"

    def hold(self, request, point, when):
        """Begins a create and lets it come as far as that exchange, of which the stand-in keeps the answer. Its route;
        or nothing, when the create has fewer exchanges and was answered."""
        seller = self.seller
        before = seller.traffic()
        seller.arm(point, drop=when)
        pending = seller.started(request)
        wait_until(lambda: pending.over() or not seller.armed(), "exchange %d of a create" % point)
        if pending.over():
            seller.disarm()
            expect(pending.end() is not None, "expected an answer, for no exchange was kept back")
            return pending, None
        held = [route for route, (_, unanswered) in seller.traffic().items()
                if unanswered > before.get(route, (0, 0))[1]]
        expect(len(held) == 1, "expected one exchange kept back, found %s" % held)
        return pending, held[0]

    def round(self, point, when, retry):
        seller = self.seller
        seller.warm()
        number, request = self.next_buy()
        pending, route = self.hold(request, point, when)
        if retry == self.ad_server_killed:
            seller.sandbox.kill()
            seller.start_sandbox()
            pending.end()
        else:
            if route and orders_of(seller, number):
                self.between += 1
            if route and when == "after":
                self.kept_from[route] = self.kept_from.get(route, 0) + 1
            seller.restart(sandbox_too=retry == self.both_killed)
            answer = pending.end()
            expect((answer is None) == (route is not None), "expected no answer of the dead, found %s" % answer)
        said = retry(number, request, point)
        self.check(number, said)

    def race(self, turn):
        """Nothing is kept back: tenond dies a moment after it has asked one of its last exchanges, which is anywhere
        from there to the answer, also while the end is written down. Every other buy is about to be submitted then."""
        seller = self.seller
        seller.warm()
        number, request = self.next_buy()
        point = len(self.exchanges) - 1 - turn // 2 % 3
        if turn % 2 == 1:
            self.refuse_last_write()
        total = lambda: sum(count for count, _ in seller.traffic().values())
        before = total()
        pending = seller.started(request)
        while not pending.over() and total() - before <= point:
            pass  # as soon as that; the request has a timeout
        seller.restart()
        answer = pending.end()
        seller.disarm()
        again = repeat(seller, request, self.ends)
        if answer is not None:
            self.ends.note("an answer just before a kill")
            expect(again.pop("replayed", False) and again == answer, "expected %s again, found %s" % (answer, again))
        self.check(number, settle(seller, request, self.ends))

    # ---- how the buyer goes on --------------------------------------------------------------------------------------

    def plain(self, _number, request, _point):
        return settle(self.seller, request, self.ends)

    def conflict(self, number, request, point):
        """Another request with the same key first."""
        refused = self.seller.create(buy(number, budget=500))
        expect(code_of(refused) == "IDEMPOTENCY_CONFLICT", "expected a conflict, found %s" % refused)
        return self.plain(number, request, point)

    def while_down(self, number, request, point):
        """The ad server answers nothing but 503 at first. No answer may say that there is no buy."""
        self.seller.arm(0, status=503)
        self.seller.control("POST", "faults", {"match": "*", "status": 503})
        answer = self.seller.create(request)
        expect(is_transient(answer) or not code_of(answer), "expected an error that passes, found %s" % answer)
        if is_submitted(answer):
            self.expect_submitted(answer["task_id"])
        self.seller.disarm()
        return self.plain(number, request, point)

    def while_submitted(self, number, request, point):
        """The ad server takes everything but the last write: the buy stays submitted, also beyond another kill."""
        seller = self.seller
        self.refuse_last_write()
        first = repeat(seller, request, self.ends)
        if not is_submitted(first):  # the last write had been done
            seller.disarm()
            return self.plain(number, request, point)
        task_id = first["task_id"]
        for killed in (False, True):
            if killed:
                seller.restart()
            attempts = self.refused_attempts()
            self.expect_submitted(task_id)
            refused = seller.create(buy(number, budget=500))
            expect(code_of(refused) == "IDEMPOTENCY_CONFLICT", "expected a conflict, found %s" % refused)
            again = repeat(seller, request, self.ends)
            expect(again.get("task_id") == task_id, "expected %s, found %s" % (first, again))
            wait_until(lambda: self.refused_attempts() > attempts, "the task to be gone on with")
            self.expect_submitted(task_id)
        seller.disarm()
        said = task_end(seller, task_id, self.ends)
        again = seller.create(request)
        expect(again.get("task_id") == task_id, "expected %s, found %s" % (first, again))
        return said

    def refuse_last_write(self):
        self.seller.control("POST", "faults", {"match": LAST_WRITE[self.seller.kind], "status": 503})

    def expect_submitted(self, task_id):
        said = self.seller.task(task_id)
        expect(is_submitted(said), "expected the task to be submitted, found %s" % said)

    def refused_attempts(self):
        routes = self.seller.control("GET", "traffic")["routes"]
        return routes.get(LAST_WRITE[self.seller.kind], {}).get("by_status", {}).get("503", 0)

    def killed_again(self, number, request, point):
        """The attempt that looks for what the first one made dies, too."""
        pending, route = self.hold(request, 2 + point % 5, "after")
        if route:
            self.ends.note("killed again")
        self.seller.restart()
        pending.end()
        return self.plain(number, request, point)

    def both_killed(self, number, request, point):
        """The ad server died with tenond; what it had done before is on its disk."""
        return self.plain(number, request, point)

    def ad_server_killed(self, number, request, point):
        """It alone died, and tenond has said whatever it knew by then."""
        return self.plain(number, request, point)

    # ---- the whole --------------------------------------------------------------------------------------------------

    def run(self, wanted, races):
        self.learn_exchanges()
        first_turn = 2 + sum(is_write(each) for each in self.exchanges)
        for made, (point, when) in enumerate(self.points()):
            if self.between >= wanted and made >= first_turn:
                break
            retry = self.retries[made % len(self.retries)]
            try:
                self.round(point, when, retry)
            except (Failed, Gone) as failed:
                raise Failed("kill %d, at exchange %d, %s it was done, then %s: %s" % (
                    made, point, when, retry.__name__, failed)) from failed
        for turn in range(races):
            self.race(turn)
        check_nothing_else(self.seller, self.buys)


def main():
    build, kind = sys.argv[1:]
    try:
        with Seller(build, kind) as seller:
            kills = Kills(seller)
            wanted = rounds("TENON_KILLS", 8)
            races = max(2, wanted // 4)
            kills.run(wanted, races)
            print("kills: %s: %d kills between a write and the answer, %d at any moment; %d buys, each there once and "
                  "whole, %d of them with creatives that came later" % (kind, kills.between, races, kills.buys,
                                                                       kills.later))
            for route, count in sorted(kills.kept_from.items()):
                print("   %3d  after %s" % (count, route))
            print("   buyers met: %s" % kills.ends.told())
    except Failed as failed:
        print("kills: %s: failed: %s" % (kind, failed))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
