"""What can be asked of run.py: one module for each group of commands, and the house that `serve` and `sandbox` open."""
