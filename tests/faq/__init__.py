"""Where the promises of the FAQ are played: a real file and a real mail server, or the async twin of both."""
