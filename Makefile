# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The newest-looking python3 first: whichever answers with 3.10 or later.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python3.10; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null && { echo $$p; break; }; done)

NOX := .cache/nox/bin/python -m nox
# What .cache/nox is made from. It is made again when this changes, or when the clone is moved.
STAMP := $(shell $(PYTHON) -V 2>&1) $(CURDIR) nox==2026.10.*

.PHONY: help demo test quick fuzz bench docs clean tools nox

help:
	@echo 'make demo   playbooks against an emulator of Docker Hub, or against HUB_URL'
	@echo 'make test   lint, unit and integration tests'
	@echo 'make quick  unit tests alone; TESTS="-k word" for those with this word in their name'
	@echo 'make fuzz   property tests with a longer random search'
	@echo 'make bench  what logins cost, in about half an hour; BENCH=quick for a look'
	@echo 'make docs   the documentation as HTML; prints where it is'
	@echo 'make clean  remove what the others made'
	@echo 'bash .ci/run                every check on all supported versions'
	@echo '.cache/nox/bin/nox --list   the checks one by one, after any of the above'

tools:
	@command -v git >/dev/null || { echo 'git is missing: please install it.'; exit 1; }
	@[ -n "$(PYTHON)" ] || { echo 'Python 3.10 or later is missing: please install it as python3.'; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) cannot make virtual environments: please install its venv module (Debian: python3-venv)."; exit 1; }

nox: tools
	@[ "$$(cat .cache/nox/stamp 2>/dev/null)" = '$(STAMP)' ] || { \
		echo 'installing nox in .cache ...' && rm -rf .cache/nox .cache/env && $(PYTHON) -m venv .cache/nox && \
		.cache/nox/bin/python -m pip --disable-pip-version-check install -qq '$(lastword $(STAMP))' && \
		echo '$(STAMP)' >.cache/nox/stamp; }

test: nox
	@$(NOX) --parallel auto --tags test

quick: nox
	@$(NOX) -R --sessions quick -- $(TESTS)

demo fuzz docs: nox
	@$(NOX) --sessions $@

bench: nox
	@$(NOX) --sessions bench -- $(BENCH)

clean:
	rm -rf "$$(readlink .cache/elsewhere)" .cache tests/output
