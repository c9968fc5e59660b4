"""Write ``customer_accounts/data/common_passwords.txt`` from two sources.

1. The ``passwords`` list of the Python package zxcvbn 4.5.0 (MIT licence): 30,000 lower-case passwords,
   most frequent first.
2. ``common_passwords_fr_de.txt`` beside this script: French and German passwords, words, names and places,
   written for this library.

Kept are the entries of at least eight code points that nothing else in the list covers (``password1`` is
covered by ``password``), and the most frequent shorter words, which the stem check needs (``soleil``
refuses ``Soleil2023!``).

Run it as ``python tests/tools/build_common_passwords.py`` where zxcvbn 4.5.0 is installed; the result is
committed.
"""

import importlib
from pathlib import Path

from customer_accounts.common_passwords import covered, fold

HERE = Path(__file__).parent
TARGET = HERE.parents[1] / "src/customer_accounts/data/common_passwords.txt"
# The file stays under 150 kB: 4,000 short words cover the frequent stems, the rest are rare nicknames.
SHORT_WORDS = 4_000
HEADER = """\
Common passwords, folded to lower case without accents, one a line after the first empty line.
Written by tests/tools/build_common_passwords.py from two sources:
1. the "passwords" list of the Python package zxcvbn 4.5.0, Copyright (c) 2016 Daniel Wolf;
   it comes from zxcvbn, Copyright (c) 2012-2016 Dan Wheeler and Dropbox, Inc.;
   both under the MIT licence, quoted below;
2. French and German entries written for this library, under its own licence.
.
Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction, including
without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the
following conditions:
The above copyright notice and this permission notice shall be included in all copies or substantial
portions of the Software.
THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT
LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO
EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER
IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR
THE USE OR OTHER DEALINGS IN THE SOFTWARE.

"""


def wanted() -> list[str]:
    """Return the folded entries without those that the others cover."""
    ranked: list[str] = importlib.import_module("zxcvbn.frequency_lists").FREQUENCY_LISTS["passwords"]
    own = [fold(entry) for entry in (HERE / "common_passwords_fr_de.txt").read_text("utf-8").split()]
    entries = list(dict.fromkeys([*own, *map(fold, ranked)]))
    words = [entry for entry in entries if 4 <= len(entry) < 8 and entry.isalpha()]
    kept = {*words[:SHORT_WORDS], *(entry for entry in own if len(entry) == 3)}
    for entry in sorted((entry for entry in entries if len(entry) >= 8), key=len):
        if not (covered(entry, kept) and covered(entry + "2024!", kept)):
            kept.add(entry)
    return sorted(kept)


if __name__ == "__main__":
    TARGET.write_text(HEADER + "\n".join(wanted()) + "\n", "utf-8")
