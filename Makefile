# Two commands do it all on a machine with Python 3.11, GNU make and a network for the first run:
#   make book    build the book and solve Table I; it prints the files to open
#   make test    lint, unit tests, and every notebook run again and compared with what is committed
# Both make a private environment in .venv first, from requirements.lock.

PYTHON    ?= $(shell command -v python3.11 || echo python3)
VENV      ?= .venv
CORES     ?= 2
# One more than cores: some tests wait for files, processes or a clock. Notebooks wait for nothing.
JOBS      ?= $(shell expr $(CORES) + 1)
BIN       := $(VENV)/bin
STAMP     := $(VENV)/.installed
NOTEBOOKS  = $(sort $(wildcard book/*.ipynb))
PAGE      := _build/html/index.html
BUILT     := _build/.built
# What the pages are made of: chapters, how they look, what runs in them, and the docstrings that they quote.
SOURCES   := _config.yml $(shell find book carbonsched -type f -not -name '*.pyc' -not -path '*/.*' 2>/dev/null)
# What runs in a page is built from TypeScript, and what it runs on from the core's own model of the instances.
WEB       := _build/.web
PROGRAMS  := $(shell find web/src -type f 2>/dev/null) $(wildcard web/*.mjs web/*.json)
LIVE      := _build/.live
MODELLED  := web/packages.py $(shell find carbonsched data/default data/real-week -type f -not -name '*.pyc' 2>/dev/null)
# Each worker has neighbours in a row, which share what they solve, and takes of others' at the end.
SHARED     = -n $(JOBS) --dist worksteal
# The examples of the docstrings beside the tests; but those are programs: to import them runs them.
EXAMPLES  := tests carbonsched --doctest-modules --ignore=carbonsched/__main__.py --ignore=carbonsched/check.py --ignore=carbonsched/io/probe.py --ignore=carbonsched/cli/__main__.py

# Where the kernels of the tested chapters have what they run first.
KERNELS   := _build/ipython

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYDEVD_DISABLE_FILE_VALIDATION := 1
# What Python has compiled is kept: without, each of hundreds of processes compiles all that it imports.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help environment web site pdf book lab test test-long coverage mutants lint rules types strict format unit notebooks execute pages benchmarks lock clean distclean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/:[^#]*## /|/' \
	  | while IFS='|' read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

# --------------------------------------------------------------------------- the environment

environment: $(STAMP)  ## make .venv with the locked versions (only when they changed)

define make_venv
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
  || { echo 'Python 3.11 or newer is needed: install it, or name it as in "make test PYTHON=python3.11".'; exit 1; }
@$(PYTHON) -m venv --clear $(1) \
  || { rm -rf $(1); echo 'This Python cannot make environments. On Debian: apt install python3-venv'; exit 1; }
endef

$(STAMP): requirements.lock pyproject.toml
	$(call make_venv,$(VENV))
	$(BIN)/python -m pip install -qq -r requirements.lock
	$(BIN)/python -m pip install -qq --no-deps --no-build-isolation -e .
	@touch $@

# `pip freeze` in an environment made from pyproject.toml alone: names and versions, nothing else. Run it with the oldest
# Python that must do, Debian 12's 3.11.2: some packages leave early 3.11 releases behind.
lock:  ## choose versions anew and write requirements.lock
	$(call make_venv,.venv-lock)
	.venv-lock/bin/python -m pip install -qq --upgrade setuptools hatchling
	.venv-lock/bin/python -m pip install -qq --no-build-isolation -e '.[test,book]'
	@{ echo '# Every package of `make book` and `make test`, chosen for the oldest Python supported (Debian 12: 3.11.2).'; \
	   echo '# Written by `make lock` from pyproject.toml; do not edit by hand.'; \
	   .venv-lock/bin/python -m pip freeze --all --exclude pip --exclude-editable; } > requirements.lock.new
	@if grep -v '^#' requirements.lock.new | grep -vE '^[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+$$'; \
	  then echo 'The lines above are not of the form name==version.'; rm requirements.lock.new; exit 1; fi
	mv requirements.lock.new requirements.lock
	rm -rf .venv-lock

# --------------------------------------------------------------------------- the book

# What the pages run: TypeScript, HiGHS as WebAssembly and MathJax, by the versions of web/package-lock.json.
NODE      := cd web && PATH="$(CURDIR)/$(BIN):$$PATH"
PACKAGES  := web/node_modules/.package-lock.json

$(PACKAGES): web/package.json web/package-lock.json $(STAMP)
	$(NODE) npm ci --silent
	@touch $@

# Again only when something it is made of changed.
$(WEB): $(STAMP) $(PACKAGES) $(PROGRAMS)
	$(NODE) npm run --silent build
	@touch $@

$(LIVE): $(STAMP) $(MODELLED)
	$(BIN)/python web/packages.py _build/web/live
	@touch $@

web: $(WEB) $(LIVE)  ## build what the pages run into _build/web

$(BUILT): $(STAMP) $(WEB) $(LIVE) $(SOURCES)
	rm -rf _build/html
	$(BIN)/jupyter-book build book --config _config.yml --path-output . --all -W --keep-going
	@! grep -lE '<(script|link|img|iframe)[^>]* (src|href)="(https?:)?//' _build/html/*.html \
	  || { echo 'These pages need a network to open: name the source as a link, or bring it into the book.'; exit 1; }
	@touch $@

site: $(BUILT)  ## build the book's pages from the committed notebooks; warnings and dead links are errors

pdf: $(BUILT)  ## print the book as one PDF, by Chromium
	$(BIN)/python tools/pdf.py

book: $(BUILT)  ## build the book, pages and PDF, and solve Table I here and now
	@echo 'Printing it as a PDF; this takes a minute.'
	@$(BIN)/python tools/pdf.py > _build/pdf.log || { cat _build/pdf.log; exit 1; }
	@echo
	@echo 'Table I, solved on this machine in this minute:'
	@$(BIN)/python -m carbonsched table data/default
	@echo
	@echo 'The book is built. Open $(CURDIR)/$(PAGE) in a browser; it needs no network.'
	@tail -n 1 _build/pdf.log

lab: environment  ## open the chapters in JupyterLab, to change and run
	$(BIN)/jupyter lab --notebook-dir=book

execute: environment  ## run the notebooks in place and tidy them for a commit
	$(BIN)/python tools/notebooks.py $(NOTEBOOKS)
	$(BIN)/python tools/reference_pages.py

pages: environment  ## write the index of figures and the glossary's names anew
	$(BIN)/python tools/reference_pages.py

benchmarks: environment  ## measure solvers, formulations and engines in one run (about 40 minutes)
	$(BIN)/python benchmarks/run.py

# --------------------------------------------------------------------------- the checks

# The pages are built while the code is read; both take one core.
test: environment  ## everything that must pass before a change is taken
	$(MAKE) --no-print-directory -j 2 --output-sync=target site types strict rules
	$(MAKE) --no-print-directory unit
	$(MAKE) --no-print-directory notebooks

coverage: environment  ## which lines and branches the tests and examples reach; at least 95 % of each
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(SHARED) -p no:nbval -m 'not long' $(EXAMPLES)
	$(BIN)/coverage combine -q
	@rm -f .coverage.*  # what a test's full disk has cut short
	$(BIN)/python tools/coverage_table.py

mutants: environment  ## change the families in one place at a time: which tests notice (an hour)
	$(BIN)/python tools/mutants.py

lint: rules types strict  ## rules and format, notebooks included; who may import whom; types

rules: environment
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports --no-logo --no-cache

types: environment
	$(BIN)/basedpyright

strict: environment
	$(BIN)/basedpyright -p tools/strict.json

format: environment  ## let ruff repair what it can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# With the pages: a browser tries them, where Debian's Chromium is; where not, the tests that were skipped say so.
unit: environment $(BUILT)  ## the tests of the core, of the data and of the repository's own promises
	$(BIN)/python -m pytest $(SHARED) -p no:nbval -m 'not long' $(EXAMPLES)

# Hundreds of random instances where `make unit` takes tens; hours on two cores. Solvers that are not installed are skipped.
test-long: environment $(BUILT)  ## every test, with the counts that are too long for every change
	$(BIN)/python -m pytest $(SHARED) --hypothesis-profile long --agreement data/results/trust/agreement.csv

# The notebooks run again in this environment. Cells tagged nbval-check-output must print what is committed; no cell may fail.
notebooks: environment  ## run every notebook again and compare the marked outputs
ifeq ($(NOTEBOOKS),)
	@echo 'No notebooks in book/.'
else
	@mkdir -p $(KERNELS)/profile_default/startup
	@cp tools/kernel_startup.py $(KERNELS)/profile_default/startup/
	IPYTHONDIR=$(CURDIR)/$(KERNELS) $(BIN)/python -m pytest --nbval-lax --nbval-current-env -n $(CORES) --dist loadfile $(NOTEBOOKS)
endif

# --------------------------------------------------------------------------- away with it

clean:  ## remove the built book and the caches
	rm -rf _build .pytest_cache .ruff_cache .hypothesis requirements.lock.new .venv-lock
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
	find book -name .ipynb_checkpoints -prune -exec rm -rf {} +

distclean: clean  ## remove the environment too
	rm -rf $(VENV)
