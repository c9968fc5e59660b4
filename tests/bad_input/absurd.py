"""Values that nobody means: each with a name, and with the canary in it wherever one fits."""

import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from pydantic import SecretStr

#: In every value that has room for it; wherever it turns up again, input was echoed.
CANARY = "kanarienvogel"
#: As the name of a field it is no name, and not repeated either; a misspelt name is (LG-01).
_KEY = f"{CANARY} !"


def nested(depth: int) -> dict[str, Any]:
    """Give a dictionary in a dictionary in a dictionary."""
    made: dict[str, Any] = {_KEY: CANARY}
    for _ in range(depth):
        made = {"name": made}
    return made


#: E-mail addresses that are none, or not one (EM-01, EM-08); as texts they are no worse than others.
ADDRESSES = MappingProxyType(
    {
        "line_break": f"{CANARY}@mail.example\r\nBcc: {CANARY}@evil.example",
        "line_feed_behind": f"{CANARY}@mail.example\n",
        "two": f"{CANARY}@mail.example,{CANARY}2@mail.example",
        "two_with_semicolon": f"{CANARY}@mail.example; {CANARY}2@mail.example",
        "two_at_signs": f"{CANARY}@{CANARY}@mail.example",
        "display_name": f"{CANARY} <{CANARY}@mail.example>",
        "comment": f"{CANARY}(comment)@mail.example",
        "quoted": f'"{CANARY} x"@mail.example',
        "zero_width": f"{CANARY}\u200b@mail.example",
        "soft_hyphen": f"{CANARY}\u00ad@mail.example",
        "bidi": f"\u202e{CANARY}@mail.example",
        "byte_order_mark": f"\ufeff{CANARY}@mail.example",
        "kelvin_sign": f"{CANARY}\u212a@mail.example",
        "local_part_of_65_octets": f"{CANARY}{'x' * 52}@mail.example",
        "local_part_of_66_octets_in_33_signs": f"{'é' * 33}@mail.example",
        "address_of_255_octets": f"{CANARY}@{'.'.join(['x' * 63] * 3)}.{'y' * 41}.example",
        "domain_without_dot": f"{CANARY}@localhost",
        "address_literal": f"{CANARY}@[127.0.0.1]",
        "route": f"{CANARY}%evil.example@mail.example",
        "encoded_word": f"=?utf-8?q?{CANARY}?=@mail.example",
        "nothing_before_the_at_sign": "@mail.example",
        "nothing_behind_the_at_sign": f"{CANARY}@",
        "dot_behind": f"{CANARY}.@mail.example",
        "no_address": CANARY,
    }
)

#: Texts that are too long, too strange or meant for something else.
TEXTS = MappingProxyType(
    {
        "empty": "",
        "blanks": " \t ",
        "nul": f"{CANARY}\x00{CANARY}",
        "escape": f"{CANARY}\x1b[2J",
        "c1_control": f"{CANARY}\x85{CANARY}",
        "lone_surrogate": f"{CANARY}\ud800",
        "surrogate_pair_in_halves": f"{CANARY}\ud83d\ude00",
        "astral": f"{CANARY}\U0001f4a9",
        "many_marks": CANARY + "\u0301" * 500,
        "line_separator": f"{CANARY}\u2028{CANARY}",
        "1001_signs": CANARY + "x" * (1_001 - len(CANARY)),
        "megabyte": CANARY + "x" * 1_000_000,
        "megabyte_of_blanks": " " * 1_000_000 + CANARY,
        "megabyte_of_composed_signs": CANARY + "\u1ea5" * 340_000,
        "placeholder": "{" + CANARY + "} {0.__class__} %s ${jndi:" + CANARY + "}",
        "markup": f"<script>{CANARY}</script>",
        "other_host": f"//{CANARY}.example/",
        "script_address": f"javascript:{CANARY}",
        "broken_https": f"https://[{CANARY}",
        "number": "-1",
        "long_number": "9" * 5_000,
        "unknown_language": "xx",
        "unknown_country": "ZZ",
        "cursor": "OTk5OTk5OTk5OTk5OTk5OTkga2FuYXJpZW52b2dlbA",
        "cursor_at_the_edge_of_time": f"0001-01-01T00:00:00+23:59 {CANARY}",
        "cursor_with_nul": f"2026-01-01T00:00:00+00:00 {CANARY}\x00",
        "cursor_with_surrogate": f"2026-01-01T00:00:00+00:00 {CANARY}\ud800",
        "shape_of_a_link": (CANARY * 4)[:43],
        "shape_of_an_id": "00000000-0000-0000-0000-000000000007",
    }
)

#: What is no text at all.
THINGS = MappingProxyType(
    {
        "none": None,
        "bytes": CANARY.encode(),
        "bytes_that_are_no_text": CANARY.encode() + b"\xff\xfe",
        "bytearray": bytearray(CANARY.encode()),
        "true": True,
        "zero": 0,
        "minus_one": -1,
        "ten_thousand": 10_000,
        "huge": 10**30,
        "beyond_printing": 10**5_000,
        "float": 1.5,
        "whole_float": 2.0,
        "not_a_number": math.nan,
        "infinity": math.inf,
        "decimal": Decimal("1.5"),
        "complex": 1j,
        "list": [CANARY],
        "empty_list": [],
        "tuple_of_ten_thousand": (CANARY,) * 10_000,
        "list_of_ten_thousand_dicts": [{_KEY: CANARY}] * 10_000,
        "set": {CANARY},
        "dict": {_KEY: CANARY},
        "dict_of_ten_thousand": {f"{CANARY} {number}": CANARY for number in range(10_000)},
        "nested_dict": nested(2_000),
        "object": object(),
        "class": dict,
        "secret": SecretStr(CANARY),
        "naive_time": datetime(2026, 1, 1),  # noqa: DTZ001 - naive on purpose
        "first_moment": datetime.min.replace(tzinfo=timezone(timedelta(hours=23))),
        "last_moment": datetime.max.replace(tzinfo=timezone(-timedelta(hours=23))),
        "century_ago": datetime(1926, 1, 1, tzinfo=UTC),
        "day": date(2026, 1, 1),
        "duration": timedelta(days=1),
        "exception": ValueError(CANARY),
    }
)

EVERYTHING: MappingProxyType[str, Any] = MappingProxyType(
    {f"address_{label}": value for label, value in ADDRESSES.items()} | dict(TEXTS) | dict(THINGS)
)
