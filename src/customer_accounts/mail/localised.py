"""Dates and times as each language writes them.

Rules: small and by hand, because three languages need three lines each and a mail must not depend on the
locale of the machine.  Dates are those of UTC.
"""

from datetime import datetime, timedelta

_MONTHS = {
    "fr": "janvier|février|mars|avril|mai|juin|juillet|août|septembre|octobre|novembre|décembre",
    "de": "Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember",
    "en": "January|February|March|April|May|June|July|August|September|October|November|December",
}

#: Singular and plural of each unit, the longest first.
_UNITS = {
    "fr": (("jour", "jours"), ("heure", "heures"), ("minute", "minutes")),
    "de": (("Tag", "Tage"), ("Stunde", "Stunden"), ("Minute", "Minuten")),
    "en": (("day", "days"), ("hour", "hours"), ("minute", "minutes")),
}

_DAY, _HOUR, _MINUTE = 1440, 60, 1


def date_text(moment: datetime, language: str) -> str:
    """Write a date out, such as ``1er mars 2026``, ``1. März 2026`` or ``1 March 2026``."""
    day = str(moment.day)
    if language == "de":
        day += "."
    elif language == "fr" and moment.day == 1:
        day = "1er"
    return f"{day} {_MONTHS[language].split('|')[moment.month - 1]} {moment.year}"


def duration_text(duration: timedelta, language: str) -> str:
    """Say how long something works, rounded down: from 2 days in days, from 2 hours in hours."""
    minutes = max(1, int(duration.total_seconds()) // 60)
    size, unit = _unit_of(minutes)
    count = minutes // size
    return f"{count} {_UNITS[language][unit][count != 1]}"


def _unit_of(minutes: int) -> tuple[int, int]:
    if minutes >= 2 * _DAY:
        return _DAY, 0
    return (_HOUR, 1) if minutes >= 2 * _HOUR or minutes == _HOUR else (_MINUTE, 2)


def amount_text(amount: str, language: str) -> str:
    r"""Write an amount with its currency, such as ``19.50 EUR``, as the language does.

    >>> amount_text("19.50 EUR", "fr")
    '19,50\xa0EUR'
    """
    number, _, currency = amount.partition(" ")
    written = number if language == "en" else number.replace(".", ",")
    # Only French is printed with blanks that do not break.
    blank = "\xa0" if language == "fr" else " "
    return f"{written}{blank}{currency}" if currency else written
