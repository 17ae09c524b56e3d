"""What a create asks of the ad server's stand-in."""
from seller import Failed, expect

READS = {"POST /token", "POST /kevel/v1/campaign/search"}  # by POST, and yet they change nothing


def is_write(route):
    return not route.startswith("GET ") and route not in READS


def watched(seller, request, latency_ms):
    """The routes of a create in the order in which they were asked, and its answer. No routes: two were asked between
    two looks at the counters, and nobody knows in which order."""
    seller.warm()
    seen = {route: total for route, (total, _) in seller.traffic().items()}
    seller.control("POST", "faults", {"match": "*", "latency_ms": latency_ms})
    pending = seller.started(request)
    order = []
    clear = True
    over = False
    while not over:
        over = pending.over()
        now = {route: total for route, (total, _) in seller.traffic().items()}
        more = [route for route, total in now.items() for _ in range(total - seen.get(route, 0))]
        clear = clear and len(more) <= 1
        order += more
        seen = now
    seller.disarm()
    answer = pending.end()
    expect(answer is not None and "media_buy_id" in answer, "expected a buy, found %s" % answer)
    return order if clear else [], answer


def exchanges_of(seller, request_of, check):
    """The same, for certain, and how many buys that took. `request_of` makes one of each number from 1 on; `check` is
    given number and answer of each. The first one is not watched: it asks for what later ones know."""
    check(1, seller.create(request_of(1)))
    for number in range(2, 7):
        order, answer = watched(seller, request_of(number), 20 * 3 ** (number - 2))
        check(number, answer)
        if order:
            return order, number
    raise Failed("expected to see the exchanges of a create one by one")
