"""Who is measured: each module is run as a process of its own and prints what it did as JSON."""
