# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The newest-looking python3 first: whichever answers with 3.10 or later.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python3.10; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null && { echo $$p; break; }; done)

.PHONY: help demo test bench docs clean tools python environment

help:
	@echo 'make demo   playbooks against a stand-in for Docker Hub, or against HUB_URL'
	@echo 'make test   lint, unit and integration tests'
	@echo 'make bench  what logins cost, in about 20 minutes; BENCH=quick for a look'
	@echo 'make docs   the documentation as HTML, in .cache/docs/build/html'
	@echo 'make clean  remove what the others made'

tools:
	@command -v git >/dev/null || { echo 'git is missing: please install it.'; exit 1; }
	@[ -n "$(PYTHON)" ] || { echo 'Python 3.10 or later is missing: please install it as python3.'; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) cannot make virtual environments: please install its venv module (Debian: python3-venv)."; exit 1; }

test: tools
	@$(PYTHON) .ci/test.py

python: tools
	@echo $(PYTHON)

environment: tools
	@$(PYTHON) .ci/lib.py

demo: environment
	@PATH="$(CURDIR)/.cache/demo/bin:$$PATH" ANSIBLE_COLLECTIONS_PATH="$(CURDIR)/.cache" examples/demo/run

bench: environment
	@.cache/demo/bin/python benchmarks/bench.py $(BENCH)

docs: tools
	@$(PYTHON) .ci/range.py docs && echo 'See .cache/docs/build/html/index.html.'

clean:
	rm -rf "$$(readlink .cache)" .cache tests/output
