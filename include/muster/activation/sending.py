"""One batch to a member destination: intents, the call, receipts; refusals cut in half, silence read back.

A call may end in four ways. Answered: one outcome per key. Refused as a whole (F76): the batch is cut in half until
the rows that spoil it stand alone. Not answered (F73): read back at once, and what isn't there is sent again, a few
times. Anything else ends the run; the intents say what may have happened, and the next run reads that back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from muster.activation.records import Effect
from muster.activation.settle import NOT_ARRIVED, READ_BACK
from muster.activation.work import Work
from muster.destinations.base import CallRefusedError, MemberDestination, Outcome, UnknownAnswerError
from muster.errors import DestinationError

TRIES = 3
MAX_REFUSALS = 40


def send(work: Work, destination: MemberDestination, effects: Sequence[Effect]) -> list[Effect]:
    """Carry out effects of one operation, at most `batch_size` keys; returns them as they came out."""
    batch = work.next_batch()
    sent = [replace(effect, batch=batch) for effect in effects]
    work.scribe.intend(batch, sent)
    sent_at = work.scribe.clock()
    delivery = _Delivery(destination, effects[0].operation)
    keys = list(dict.fromkeys(str(effect.destination_key) for effect in sent))
    try:
        delivery.deliver(keys)
    except DestinationError:
        work.scribe.receive([delivery.judged(e) for e in sent], sent_at=sent_at)
        raise
    finished = [delivery.judged(e) for e in sent]
    work.scribe.receive(finished, sent_at=sent_at)
    return finished


@dataclass
class _Delivery:
    """What is known so far about each key of one batch."""

    destination: MemberDestination
    operation: str
    outcomes: dict[str, tuple[Outcome, str]] = field(default_factory=dict)
    refusals: int = 0

    def judged(self, effect: Effect) -> Effect:
        outcome, request_id = self.outcomes.get(str(effect.destination_key), (None, ""))
        if outcome is None:
            return effect.came_out("unknown", "no_answer")
        return effect.came_out(outcome.verdict, outcome.reason, request_id=request_id)

    def deliver(self, keys: Sequence[str], tries: int = TRIES) -> None:
        call = self.destination.add if self.operation == "add" else self.destination.remove
        try:
            reply = call(keys)
        except CallRefusedError as refused:
            self._cut(keys, refused)
        except UnknownAnswerError:
            self._ask(keys, tries)
        else:
            self.outcomes |= {outcome.key: (outcome, reply.request_id) for outcome in reply.outcomes}

    def _cut(self, keys: Sequence[str], refused: CallRefusedError) -> None:
        """Halve until the spoiling rows stand alone; after too many refusals the rest counts as refused too."""
        self.refusals += 1
        if len(keys) == 1 or self.refusals > MAX_REFUSALS:
            verdicts = [Outcome(key, "rejected", refused.code) for key in keys]
            self.outcomes |= {outcome.key: (outcome, refused.request_id) for outcome in verdicts}
            return
        middle = len(keys) // 2
        self.deliver(keys[:middle])
        self.deliver(keys[middle:])

    def _ask(self, keys: Sequence[str], tries: int) -> None:
        there = self.destination.present(keys)
        is_done = {key: (key in there) == (self.operation == "add") for key in keys}
        for key in keys:
            if is_done[key] or tries <= 1:
                verdict = (
                    Outcome(key, "accepted", READ_BACK)
                    if is_done[key]
                    else Outcome(key, "rejected", NOT_ARRIVED)
                )
                self.outcomes[key] = (verdict, "")
        again = [key for key in keys if not is_done[key]]
        if again and tries > 1:
            self.deliver(again, tries - 1)
