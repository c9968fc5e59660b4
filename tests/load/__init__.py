"""Many customers at once, while the database, the mail server and the disk fail (see ``__main__``)."""
