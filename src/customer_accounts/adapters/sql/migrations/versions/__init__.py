"""One module for each change of the tables, in a single chain; a released one is never changed again."""
