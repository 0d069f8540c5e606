# Every target sets up what it needs: Python 3.11 or newer, make and the package registries are enough.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
DEMO := cases/demo
SEED := 2024

.PHONY: demo test lab bench notebooks recovery study lock clean
.DEFAULT_GOAL := demo

demo: $(READY)
	$(BIN)/python -m synthetic_data generate --preset demo --scenario list_walk --seed $(SEED) --format parquet --out $(DEMO)
	$(BIN)/forensics run $(DEMO)/case
	@echo "Notebooks on this case: make lab"

test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python -m synthetic_data generate --preset demo --scenario list_walk --seed $(SEED) --format parquet --out $(DEMO)
	$(BIN)/forensics run $(DEMO)/case
	$(BIN)/pytest -n 2 --dist loadscope --nbval --nbval-current-env tests notebooks

lab: $(READY)
	@test -f $(DEMO)/case/results/summary.json || $(MAKE) demo
	$(BIN)/forensics lab $(DEMO)/case

bench: $(READY)
	$(BIN)/python -m benchmarks.sessions --millions 2

# The committed outputs of the notebooks and the README's picture come from the demo case.
notebooks: demo
	$(BIN)/jupyter nbconvert --to notebook --execute --ExecutePreprocessor.record_timing=False --inplace notebooks/*.ipynb
	$(BIN)/python -m benchmarks.pictures $(DEMO)/case docs

# Days of work on two cores; it resumes. msticpy, which the comparison wants too, comes with the extra `bench`.
study: $(READY)
	$(BIN)/python -m benchmarks.study --folder cases/study --plan all

recovery: $(READY)
	$(BIN)/python -m benchmarks.recovery --seeds 1025-1029 --scenarios list_walk quiet

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed, found " + sys.version.split()[0] + ": set PYTHON=python3.12, for instance")'
	$(PYTHON) -m venv --clear .venv
	sed -n '/^uv==/,/[^\\]$$/p' requirements.txt > .venv/uv.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r .venv/uv.txt
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-build-isolation --no-deps --editable .
	@touch $(READY)

lock: $(READY)
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --upgrade --generate-hashes \
	  --custom-compile-command "make lock" \
	  --extra lab --extra linkage --group dev pyproject.toml --output-file requirements.txt

clean:
	rm -rf .venv cases dist
