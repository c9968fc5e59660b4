"""Making record values harmless before they stand in a mail.

Rules:

* No value of a record reaches a header or a line with a control character, a line separator, half a
  surrogate pair or an invisible format character in it; each becomes one blank (CVE-2022-35924 is what
  happens otherwise).
* A header value never looks like an encoded word, because the parser of a header would decode it, line breaks
  included (RFC 2047).
* Only addresses that begin with http:// or https:// become links.
"""

import re
import unicodedata
from urllib.parse import urlsplit

#: Longer than any order number or carrier; what is longer is cut, so that a subject stays readable.
LONGEST_VALUE = 100

_URL = re.compile(r"https?://[!-~]{1,2000}\Z")


def clean(text: str, limit: int = LONGEST_VALUE) -> str:
    """Give *text* on one line, without what cannot be seen, of at most *limit* characters."""
    shown = "".join(" " if _is_invisible(char) else char for char in text[: 4 * limit])
    return re.sub(" {2,}", " ", shown).strip()[:limit].strip()


def _is_invisible(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def header_text(text: str) -> str:
    """Give *text* as a header may hold it: one line that no parser takes for an encoded word."""
    return clean(text, limit=200).replace("=?", "= ?")


def safe_url(url: str) -> str:
    """Give *url* if it is an ordinary web address, else nothing."""
    if not _URL.match(url):
        return ""
    try:
        return url if urlsplit(url).hostname else ""
    except ValueError:
        return ""
