"""Where conversations live: sqlite (default), mongo. One contract: engine.ports.Store, one suite: tests/contracts/test_store.py."""
