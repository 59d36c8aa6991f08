# The project's commands. `make run` and `make test` need only Python >= 3.11 (with venv), make and git.
PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python
.DEFAULT_GOAL := help
.PHONY: help run test setup setup-dev check fix faults bench eval services docs diagrams lock clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12
