"""The FAQ as a story: ``python -m customer_accounts demo`` plays the promises F01–F27 and checks each of them.

Everything is real: a SQLite file, a mail server and a VAT register on this machine, the default settings.  What is
told lies in ``texts/``, what happens in ``promises/``; a sentence is only told as true after it was checked.
"""

from customer_accounts.demo.command_line import main

__all__ = ["main"]
