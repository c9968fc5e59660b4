"""Every command and every worker, ended at each of its steps in turn, on real databases (see ``__main__``)."""
