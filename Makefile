# Everything a course needs, by name: `make help`. Wants GNU make and Python 3.11 or later.

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# The folders of source/, one assignment each, and the programs of benchmarks/. Both can be
# narrowed: `make release ASSIGNMENTS=03_matmul`.
ASSIGNMENTS ?= $(patsubst source/%/,%,$(sort $(wildcard source/*/)))
BENCHMARKS ?= $(filter-out benchmarks/_%,$(sort $(wildcard benchmarks/*.py)))
# Kernels of earlier assignments that the last one builds on.
GIVEN := source/09_backend/given
# Which assignments the demo grades: `make demo DEMO="03_matmul 07_conv"`.
DEMO ?=
# Tests of one class or file share what they set up, so they stay together.
SIDE_BY_SIDE := -n logical --maxprocesses 4 --dist loadscope
# What runs at a student's desk, on Windows too; only `stopwatch.lock` asks for Linux, and does without.
DESK := -p kernelmark.lab -p kernelmark.student -m kernelmark.checks -m kernelmark.notebook.cells -m kernelmark.notebook.causes \
	-m kernelmark.stopwatch.timing -m kernelmark.stopwatch.desk_clock -m kernelmark.stopwatch.picture
# More words for a command: `make test PYTEST_FLAGS="-k wire"`, or "-n 0" for one test after the other.
PYTEST_FLAGS ?=
# How long `make fuzz` goes on.
FUZZ_S ?= 3600
LAB_FLAGS ?= $(if $(filter 0,$(shell id -u)),--allow-root)

# nbgrader runs alembic, and notebooks run jupyter, by their bare names.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup system demo test test-all trust fuzz lint bench lab release given docs book clean

help: ## say what there is
	@awk -F ' ?## ' '/^[a-z-]+:.* ## / { sub(/:.*/, "", $$1); printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: system $(READY) ## build .venv and see to bubblewrap; does nothing twice

system:
	@scripts/system-packages bubblewrap

$(READY): pyproject.toml scripts/virtualenv
	@scripts/virtualenv $(VENV)
	@touch $@

demo: setup ## grade the sample class and compare every mark with the expected one
	@$(BIN)/python -m tests.sample_class demo $(DEMO)

test: setup ## run the test suite
	@scripts/system-packages chromium postgresql
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE) $(PYTEST_FLAGS)

test-all: setup ## run the test suite and the tests that take minutes
	@scripts/system-packages chromium postgresql
	@$(BIN)/python -m pytest -m "" $(SIDE_BY_SIDE) $(PYTEST_FLAGS)

trust: setup ## grade the cheating corpus, here and by stock nbgrader, and print what each threat gained
	@$(BIN)/python -m tests.trust

fuzz: setup ## draw new damaged notebooks and hostile answers for an hour, or FUZZ_S seconds; ctrl-C ends it
	@$(BIN)/python -m tests.fuzz $(FUZZ_S)

lint: setup ## check style, layout and types
	@status=0; $(BIN)/ruff check . || status=1; $(BIN)/ruff format --check . || status=1; \
	$(BIN)/mypy || status=1; \
	$(BIN)/mypy --platform win32 --cache-dir .mypy_cache/win32 --follow-imports silent $(DESK) || status=1; exit $$status

bench: setup ## measure how often a verdict on speed is wrong; takes long
	@set -e; for program in $(BENCHMARKS); do echo "== $$program"; $(BIN)/python "$$program"; done

lab: setup ## open the course in JupyterLab, formgrader included
	@$(BIN)/jupyter lab $(LAB_FLAGS)

release: setup ## make release/ from source/
	@set -e; for name in $(ASSIGNMENTS); do $(BIN)/nbgrader generate_assignment "$$name" --force; done
	@$(BIN)/python scripts/requirements

given: setup ## make what 09 takes from earlier solutions
	@$(BIN)/kernelmark export source/03_matmul/matmul.ipynb --to $(GIVEN) --only matmul_naive,matmul_vectorized,matmul_cache_optimized
	@$(BIN)/kernelmark export source/04_fuse/fuse.ipynb --to $(GIVEN) --only bytes_moved,vectorized_relu,fused_scale_shift_relu,softmax
	@$(BIN)/kernelmark export source/06_compress/compress.ipynb --to $(GIVEN) --only quant_params,quantize,dequantize,int_matmul,quantized_matmul

docs: setup ## draw the picture of the architecture, and write the table of findings
	@$(BIN)/python -m tests.floor_plan
	@$(BIN)/python -m tests.mistakes

book: setup ## build the course's site from the released notebooks into build/book/html
	@scripts/book $(VENV) build/book

clean: ## remove .venv, caches and what the demo made; never source/ or release/
	@scripts/clean-demo
	@rm -rf $(VENV) build kernelmark.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name .git -prune -o -type d \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +
