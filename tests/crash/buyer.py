"""A buyer that repeats a create, with its key, until it is told the end."""
import time

from programs import PATIENCE_S
from seller import Failed, Gone, expect, wait_until


def code_of(answer):
    return answer.get("adcp_error", {}).get("code", "")


def is_transient(answer):
    return answer.get("adcp_error", {}).get("recovery") == "transient"


def is_submitted(answer):
    return answer.get("status") == "submitted"


class Ends:
    """How often buyers met what."""

    def __init__(self):
        self.met = {}

    def note(self, what):
        self.met[what] = self.met.get(what, 0) + 1

    def told(self):
        return ", ".join("%s %d times" % each for each in sorted(self.met.items())) or "nothing"


def task_end(seller, task_id, ends=None):
    """What the task says, once it is no longer submitted."""
    def ended():
        said = seller.task(task_id)
        expect("adcp_error" not in said, "expected the task, found %s" % said)
        return None if is_submitted(said) else said
    said = wait_until(ended, "task %s to end" % task_id)
    expect(said["status"] == "completed", "expected the task completed, found %s" % said)
    if ends:
        ends.note("submitted, then completed")
    return said["result"]


def repeat(seller, request, ends):
    """The answer to a create, or to its repetitions: completed, or submitted."""
    deadline = time.monotonic() + 2 * PATIENCE_S
    while time.monotonic() < deadline:
        try:
            answer = seller.create(request)
        except Gone:
            ends.note("no answer")
            continue
        if not code_of(answer):
            return answer
        ends.note(code_of(answer))
        expect(is_transient(answer), "expected the buy, or an error that passes, found %s" % answer)
    raise Failed("expected the buy within %d s; the last was %s" % (2 * PATIENCE_S, ends.told()))


def settle(seller, request, ends):
    """What the buyer knows of its buy in the end. Asks once more, which must change nothing."""
    answer = repeat(seller, request, ends)
    said = task_end(seller, answer["task_id"], ends) if is_submitted(answer) else answer
    again = seller.create(request)
    expect(again.pop("replayed", False), "expected a replay, found %s" % again)
    answer.pop("replayed", None)
    expect(again == answer, "expected the same answer again, %s, found %s" % (answer, again))
    return said
