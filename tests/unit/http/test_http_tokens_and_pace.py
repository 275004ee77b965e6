"""Tokens are kept per client and renewed in time; calls keep their pace."""

from __future__ import annotations

import threading

import pytest

from muster.http import Issued, TokenCache, redact
from muster.http.jsontext import as_text, dumps, loads


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_a_token_is_asked_for_again_when_less_than_a_minute_is_left() -> None:
    clock, issued = Clock(), iter([Issued("a", 3599), Issued("b", 30), Issued("c", 3600)])
    cache = TokenCache(clock=clock)
    get = lambda: cache.get("client", lambda: next(issued)).value  # noqa: E731
    assert get() == "a"
    clock.now += 3538
    assert get() == "a"
    clock.now += 2
    assert get() == "b"
    assert get() == "c"


def test_each_client_has_its_own_token() -> None:
    cache = TokenCache()
    assert cache.get("emea", lambda: Issued("a")).value == "a"
    assert cache.get("amer", lambda: Issued("b")).value == "b"
    assert cache.get("emea", lambda: Issued("c")).value == "a"


def test_only_the_token_that_was_refused_is_forgotten() -> None:
    cache = TokenCache()
    old = cache.get("x", lambda: Issued("old"))
    cache.forget("x", old)
    new = cache.get("x", lambda: Issued("new"))
    cache.forget("x", old)
    assert cache.get("x", lambda: Issued("other")) is new


def test_a_token_never_shows_in_a_repr() -> None:
    assert "hush" not in repr(TokenCache().get("x", lambda: Issued("hush"))) + repr(Issued("hush"))


def test_two_threads_ask_for_one_token() -> None:
    cache, asked = TokenCache(), []
    threads = [
        threading.Thread(target=lambda: cache.get("x", lambda: (asked.append(1), Issued("a"))[1]))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked == [1]


@pytest.mark.parametrize(
    ("said", "hidden"),
    [
        ("Invalid value 'ann.lee@acme.example'", "ann.lee"),
        ("Authorization: Bearer 3f0c2b1e:ab", "3f0c2b1e"),
        ("client_secret=hunter2&x=1", "hunter2"),
        ('{"access_token": "3f0c"}', "3f0c"),
        ("call +49 30 1234567-89", "1234567"),
        ("see https://x.example/a?email=ann", "ann"),
        ("x" * 5000, "x" * 300),
    ],
)
def test_what_a_vendor_says_is_redacted(said: str, hidden: str) -> None:
    assert hidden not in redact(said)


def test_field_names_and_times_survive_redaction() -> None:
    text = "Field 'leadScore' not found between 2026-03-02T00:00:00Z and 2026-03-03T00:00:00Z"
    assert redact(text) == text


NUMBERS = '{"a":1604.40,"b":1e5,"c":12345678901234567890123456789012345678,"d":-0.0,"e":[1,true,null,"x"]}'


def test_numbers_stay_as_they_were_written() -> None:
    read = loads(NUMBERS)
    assert [as_text(read[name]) for name in "abcd"] == [
        "1604.40",
        "1e5",
        "1234567890" * 3 + "12345678",
        "-0.0",
    ]
    assert dumps(read) == NUMBERS


def test_text_of_every_kind_of_value() -> None:
    assert [as_text(value) for value in (None, True, "null", "", {"k": None})] == [
        None,
        "true",
        "null",
        "",
        '{"k":null}',
    ]


def test_what_is_not_json_is_refused() -> None:
    with pytest.raises(ValueError, match="NaN"):
        loads('{"a": NaN}')
