"""CARRIES OUT. inbox -> step -> commit -> outbox; timers; pacing; clock. Owns the ports that the rooms below fill."""
