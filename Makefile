# The book in one command: `make book`. README.md says more.
#
#   make book      install what is missing, run the notebooks that changed, build _build/html
#   make test      the same, then the tests                  (ARGS="-k wheel" goes to pytest)
#   make site      build the site from what has run
#   make student   run, then build the edition without solutions, _build/student
#   make clean     remove _build: the site, the results, the cache
#
# PROFILE=real or full takes the photos in $EMOBOOK_DATA, JOBS=4 runs four notebooks at a time,
# PYTHON=python3.12 makes .venv with that Python, SMOKE=1 tries everything on eight images.

PROFILE ?= mini
PYTHON ?= python3
export EMOBOOK_CACHE ?= $(CURDIR)/_build/cache

emobook := .venv/bin/emobook
jobs := $(if $(JOBS),--jobs $(JOBS))
built := $(PROFILE)$(if $(filter-out 0,$(SMOKE)),-smoke)
# Folders lie three deep below .venv, and the package beside it. A relative path and a script
# without one outlive a move of the clone.
path_to_package := ../../../..
# kB: 7.4 GB of packages, and the downloads until the last of them is unpacked. What is in .venv
# goes first, so it counts as free.
room := 11534336
# Two installations at once, or one whose make was killed, would spoil each other.
alone := $(shell command -v flock > /dev/null && echo flock _build/.venv.lock)

.PHONY: help book test site student clean run .venv install

help:
	@sed -n 's/^#   //p' Makefile

book: run
	@$(emobook) build --profile "$(built)"

test: book
	@.venv/bin/python -m pytest $(ARGS)

site: .venv
	@$(emobook) build --profile "$(built)"

student: run
	@$(emobook) build --profile "$(built)" --edition student

clean:
	rm -rf _build

run: .venv
	@$(emobook) run --profile "$(PROFILE)" $(jobs)

# Made anew when requirements.lock changed, and when an installation did not come to its end: the
# copy of the lock is its last file.
.venv:
	@cmp -s requirements.lock .venv/installed.lock || \
	    { mkdir -p _build; $(alone) $(MAKE) --no-print-directory install; }

install:
	@set -e; \
	if cmp -s requirements.lock .venv/installed.lock; then exit 0; fi; \
	if ! $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "The book needs Python 3.11 or newer, and $(PYTHON) is not: name one, as in make book PYTHON=python3.12" >&2; \
	    exit 1; \
	fi; \
	if ! $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then \
	    echo "$(PYTHON) cannot make virtual environments: install its venv package, on Debian and Ubuntu with apt-get install python3-venv" >&2; \
	    exit 1; \
	fi; \
	free=$$(df -Pk . | sed -n '2s/.* \([0-9][0-9]*\)  *[0-9][0-9]*% .*/\1/p'); \
	old=$$(du -sk .venv 2>/dev/null | cut -f 1); \
	free=$$(( $${free:-$(room)} + $${old:-0} )); \
	if [ "$$free" -lt $(room) ]; then \
	    echo "The locked packages need $$(( $(room) / 1048576 )) GB of disk, and $$(( free / 1048576 )) GB are free here, with what .venv holds: delete something (make clean removes _build), or move the clone to a larger disk" >&2; \
	    exit 1; \
	fi; \
	echo "Installing the locked packages into .venv: a few minutes, 7.4 GB"; \
	$(PYTHON) -m venv --clear .venv; \
	.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input \
	    --require-hashes -r requirements.lock; \
	packages=$$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))'); \
	echo "$(path_to_package)" > "$$packages/emobook.pth"; \
	printf '#!/bin/sh\nexec "$$(dirname "$$0")/python" -m emobook "$$@"\n' > .venv/bin/emobook; \
	chmod +x .venv/bin/emobook; \
	cp requirements.lock .venv/installed.lock
