"""The global invariant: nobody takes an account over before or after its owner proves the mailbox."""
