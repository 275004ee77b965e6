"""Random histories of several processes at one gate: what the source saw never exceeds what it allows."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from quota_kit import NOON, Clock, gate_at

from muster.errors import QuotaExhausted
from muster.state import QuotaGate
from muster.state.central import central_day, next_reset
from muster.state.quota import Slot

WINDOW, IN_FLIGHT, DAY = 6, 3, 30
LIMITS = {"calls_per_20_seconds": WINDOW, "in_flight": IN_FLIGHT, "calls_per_day": DAY}
PROCESSES = 3
STILL_AT_WORK = 280.0  # seconds that the source may go on with a call whose client was killed


@dataclass
class Call:
    slot: Slot
    process: int
    begun: datetime
    counted: datetime | None = None  # when the source counted it: somewhere between begin and end
    ended: datetime | None = None


class Gate(RuleBasedStateMachine):
    """The source's own count is kept beside the gate, and compared with the limits after each step."""

    @initialize(ahead=st.sampled_from([-9.5, 0.0, 0.4, 3600.0, 86_400.0 * 90]))
    def begin(self, ahead: float) -> None:
        self.clock, self.ahead = Clock(), timedelta(seconds=ahead)
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "quota.db"
        self.gates = [self._opened() for _ in range(PROCESSES)]
        self.calls: list[Call] = []
        self.tickets: dict[int, int | None] = dict.fromkeys(range(PROCESSES))
        self.exhausted_on: set[str] = set()
        self._token()

    def teardown(self) -> None:
        for gate in getattr(self, "gates", []):
            gate.close()

    def _opened(self) -> QuotaGate:
        return gate_at(self.path, self.clock, **LIMITS)

    @property
    def there(self) -> datetime:
        """The source's clock."""
        return self.clock.now + self.ahead

    def _token(self) -> None:
        with self.gates[0].call(is_counted=False) as slot:
            slot.answered(self.there.replace(microsecond=0))

    @property
    def open(self) -> list[Call]:
        return [call for call in self.calls if call.ended is None]

    # ---- what may happen -----------------------------------------------------------------------------------

    @rule(process=st.integers(0, PROCESSES - 1))
    def ask(self, process: int) -> None:
        try:
            slot, self.tickets[process], pause = self.gates[process]._try(self.tickets[process])
        except QuotaExhausted as error:
            self.gates[process]._give_up(self.tickets[process])
            self.tickets[process] = None
            used = Counter(self._day(call) for call in self.calls)
            near = {central_day(self.there + timedelta(seconds=s)).isoformat() for s in (-6, 0, 6)}
            assert max(used[day] for day in near) > DAY / 2 or len(near) > 1, "refused, but hardly used"
            assert next_reset(self.there).isoformat() in str(error) or len(near) > 1
            return
        assert 0 <= pause <= 1
        if slot is not None:
            self.calls.append(Call(slot, process, self.clock.now))

    @precondition(lambda self: self.open)
    @rule(which=st.integers(0, 99), at=st.floats(0, 1), is_left=st.booleans())
    def answer(self, which: int, at: float, is_left: bool) -> None:
        """It ends; the source counted it at some moment in between, and may still be at work on one that timed out."""
        call = self.open[which % len(self.open)]
        if is_left:
            call.slot.leave()
        else:
            call.slot.answered(self.there.replace(microsecond=0))
        self.gates[call.process]._end(call.slot)
        call.counted = call.begun + (self.clock.now - call.begun) * at
        call.ended = self.clock.now if not is_left else call.begun + timedelta(seconds=STILL_AT_WORK)

    @precondition(lambda self: self.open)
    @rule(which=st.integers(0, 99))
    def kill(self, which: int) -> None:
        """Nobody ends it; the process starts anew."""
        call = self.open[which % len(self.open)]
        call.counted, call.ended = call.begun, call.begun + timedelta(seconds=STILL_AT_WORK)
        self.restart(call.process)

    @rule(process=st.integers(0, PROCESSES - 1))
    def restart(self, process: int) -> None:
        self.gates[process].close()
        self.gates[process] = self._opened()
        self.tickets[process] = None

    @rule(seconds=st.sampled_from([0.01, 0.9, 7.0, 19.99, 20.6, 290.0]))
    def wait(self, seconds: float) -> None:
        for call in self.open:  # a client gives up before its lease ends
            if (self.clock.now - call.begun).total_seconds() + seconds > STILL_AT_WORK:
                call.slot.leave()
                self.gates[call.process]._end(call.slot)
                call.counted, call.ended = call.begun, call.begun + timedelta(seconds=STILL_AT_WORK)
        self.clock.pass_by(seconds)

    @rule(seconds=st.sampled_from([-4.0, -0.2, 0.2, 4.0]))
    def midnight(self, seconds: float) -> None:
        self.wait(290.0)
        left = (next_reset(self.there) - self.there).total_seconds() + seconds
        self.clock.pass_by(max(left, 0.0))

    # ---- what must hold ------------------------------------------------------------------------------------

    def _day(self, call: Call) -> str:
        return central_day((call.counted or call.begun) + self.ahead).isoformat()

    @invariant()
    def the_source_saw_no_more_than_it_allows(self) -> None:
        if not hasattr(self, "calls"):
            return
        at_work = sum(call.ended is None or call.ended > self.clock.now for call in self.calls)
        assert at_work <= IN_FLIGHT
        counted = sorted(call.counted or call.begun for call in self.calls)
        for first, last in zip(counted, counted[WINDOW:], strict=False):
            assert last - first >= timedelta(seconds=20)
        assert max(Counter(map(self._day, self.calls)).values(), default=0) <= DAY


TestGate = Gate.TestCase
TestGate.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)


@given(data=st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_who_waits_is_let_through_in_order_however_often_each_one_looks(
    data: st.DataObject, tmp_path: Path
) -> None:
    with tempfile.TemporaryDirectory(dir=tmp_path) as folder:
        clock = Clock()
        gate = gate_at(Path(folder) / "quota.db", clock, in_flight=1)
        holding = gate._wait()
        tickets = {name: gate._try(None)[1] for name in "abcdef"}
        let_through: list[str] = []
        while tickets:
            gate._end(holding)
            found = None
            for name in data.draw(st.permutations(sorted(tickets))):
                found, ticket, _ = gate._try(tickets[name])
                if found is not None:
                    assert gate._try(None)[0] is None, "a newcomer does not go before them"
                    holding, _ = found, let_through.append(name)
                    del tickets[name]
                    break
                tickets[name] = ticket
            assert found is not None, "there is a place, and nobody takes it"
            clock.pass_by(0.5)
        gate.close()
    assert let_through == sorted(let_through)


def test_who_went_away_while_waiting_stops_nobody_for_long(tmp_path: Path) -> None:
    clock = Clock(NOON)
    gate = gate_at(tmp_path / "quota.db", clock, in_flight=1)
    first = gate._wait()
    gate._try(None)  # killed
    gate._end(first)
    with gate.call():
        assert 9 <= sum(clock.pauses) <= 12
