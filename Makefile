# make verify: set up and check the theorems.   make test: set up and run the tests.   make bench: ours and peers, timed.
# make book: theory/_build/html/index.html.   make wheel: the book, and the wheel that holds it, in dist/.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: verify test lint types figures book wheel bench smoke clean

verify: $(STAMP)
	$(BIN)/w2s verify

# A file to a worker: its tests share programs and fixtures. One BLAS thread for each, as the commands have.
test: $(STAMP)
	OPENBLAS_NUM_THREADS=1 $(BIN)/pytest -n auto --dist loadfile

# What a further Python must pass in CI: .ci/interpreters calls it with PYTHON and VENV.
smoke: $(STAMP)
	$(BIN)/python -c 'import w2s_sim'
	$(BIN)/w2s verify naive-floor
	$(BIN)/pytest -q tests/test_types.py tests/test_package.py

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports

types: $(STAMP)
	$(BIN)/pyright

figures: $(STAMP)
	$(BIN)/w2s figures --out figures/gallery --format svg,png

# Warnings are errors. Outputs of cells are kept in build/cells, where the tests keep them too.
book: $(STAMP)
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m sphinx -W --keep-going -q -d build/doctrees theory theory/_build/html
	@echo theory/_build/html/index.html

wheel: book
	$(BIN)/python -m hatchling build -t wheel -d dist

# Nothing else should run meanwhile. BENCH="ridge_path --quick" for a part; blackjax, a peer, comes with '.[bench]'.
bench: $(STAMP)
	$(BIN)/python -m benchmarks.bench $(BENCH)

clean:
	rm -rf $(VENV) build dist theory/_build

# Installed once; again only when what is installed has changed.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "w2s-sim needs Python >= 3.11: try make PYTHON=python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,lint,book]'
	@touch $@
