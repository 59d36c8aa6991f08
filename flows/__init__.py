"""DECIDES. What a conversation is, what may happen to it, what follows. Pure: no I/O, clock, randomness, logging, await."""
