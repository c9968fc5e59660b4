"""What the signs of a typed VAT number stand for.

Rules: signs that only part or hide (blanks, invisible marks, punctuation) say nothing; a digit is a
digit in any script; Greek and Cyrillic capitals that look like ours are ours, for a Greek keyboard writes
``ΕΛ`` where ``EL`` is meant, and no number has other letters than A to Z.
"""

import unicodedata

#: Controls, format marks, punctuation, and blanks of lines, paragraphs and words.
_SILENT_CATEGORIES = frozenset({"Cc", "Cf", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "Zl", "Zp", "Zs"})
#: Minus, slashes and dots that Unicode counts as mathematics.
_MATHEMATICAL = frozenset("\u2212\u2044\u2215\u2219\u22c5")
#: Part of old Irish numbers.
_MEANS_SOMETHING = "*"
#: Signs that Unicode shows as nothing or as a blank although their category does not say so: fillers, joiners,
#: variation selectors, and the empty pattern of Braille.
_UNSEEN = frozenset(
    map(
        chr,
        (
            *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),
            *range(0x180B, 0x1810),
            *range(0xFE00, 0xFE10),
            *range(0xE0100, 0xE01F0),
        ),
    )
)
#: Capitals that look like ours, Greek and Cyrillic; lambda, too, for it stands for the L in Greek prefixes.
_ALIKE = {
    **dict(zip("ΑΒΕΖΗΙΚΛΜΝΟΡΤΥΧ", "ABEZHIKLMNOPTYX", strict=True)),
    **dict(zip("АВЕКМНОРСТХУІЈЅ", "ABEKMHOPCTXYIJS", strict=True)),  # noqa: RUF001 - as above
}


def _is_silent(sign: str) -> bool:
    if sign == _MEANS_SOMETHING:
        return False
    return unicodedata.category(sign) in _SILENT_CATEGORIES or sign in _UNSEEN or sign in _MATHEMATICAL


#: The silent ones of ASCII: most texts have no others, and one pass then does.
_SILENT_IN_ASCII = {code: None for code in range(128) if _is_silent(chr(code))}


def plain(text: str) -> str:
    """Give a typed text without its silent signs, in capitals and plain digits.

    >>> plain("el\u00a0094.259-216")
    'EL094259216'
    """
    if text.isascii():
        return text.translate(_SILENT_IN_ASCII).upper()
    # Before and after: some silent signs are taken apart into others that are not.
    said = unicodedata.normalize("NFKC", "".join(sign for sign in text if not _is_silent(sign))).upper()
    return "".join(_plain(sign) for sign in said if not _is_silent(sign))


def _plain(sign: str) -> str:
    digit = unicodedata.decimal(sign, None)
    return _ALIKE.get(sign, sign) if digit is None else str(digit)
