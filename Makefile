# Everything is installed from pinned names and versions. Nothing is fetched at run time.
PYTHON ?= python3.11
# pip prints its progress, because this takes minutes.
PIP = -m pip --disable-pip-version-check
export HF_HUB_OFFLINE = 1

.PHONY: run test test-unit fuzz check sbom audit screenshots ten-talks bench bench-peers clean

run: .venv/.installed .venv-rasa/.installed
	@exec .venv/bin/connector run

test: .venv/.installed .venv-rasa/.installed
	.venv/bin/python -m pytest

# For daily work: under a minute, without a server or a browser.
test-unit: .venv/.installed
	.venv/bin/python -m pytest tests/unit tests/docs

# New random examples for every generated test. For a release, and at night.
fuzz: .venv/.installed
	.venv/bin/python -m pytest --hypothesis-profile=fuzz $$(grep -rlE 'hypothesis|schemathesis' tests --include='test_*.py')

check: .venv/.installed
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

# Lists every installed package with its version and licence, as CycloneDX.
sbom: .venv/.installed .venv-rasa/.installed .venv-supply/.installed
	@mkdir -p var/sbom
	.venv-supply/bin/cyclonedx-py environment .venv --pyproject pyproject.toml --output-reproducible -o var/sbom/connector.cdx.json
	.venv-supply/bin/cyclonedx-py environment .venv-rasa --output-reproducible -o var/sbom/rasa.cdx.json

# Asks a public database, over the network, which installed packages have known vulnerabilities.
audit: .venv/.installed .venv-rasa/.installed .venv-supply/.installed
	.venv-supply/bin/pip-audit --path .venv/lib/python3.11/site-packages
	.venv-supply/bin/pip-audit --path .venv-rasa/lib/python3.11/site-packages

# Saves the screenshots of the browser tests for the documents.
screenshots: .venv/.installed .venv-rasa/.installed
	CONNECTOR_SCREENSHOTS=1 .venv/bin/python -m pytest tests/web/test_screenshot.py tests/desk/test_screenshot.py tests/releases/test_report_browser.py

# Holds the ten talks of the documents with the program again, and writes what it says.
ten-talks: .venv/.installed .venv-rasa/.installed
	CONNECTOR_TEN_TALKS=1 .venv/bin/python -m pytest tests/talks

bench: .venv/.installed .venv-rasa/.installed .venv-peers/.installed
	.venv/bin/python -m benchmarks

# Only the comparison with other search engines.
bench-peers: .venv/.installed .venv-peers/.installed
	.venv/bin/python -m benchmarks --only peers

# torch first: without its pinned version, pip would install gigabytes of CUDA.
.venv/.installed: pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: install it, or give its path with 'make PYTHON=/path/to/python3.11'."; exit 1; }
	@echo "Making .venv (a few minutes the first time) ..."
	@$(PYTHON) -m venv .venv
	@.venv/bin/python $(PIP) install "$$(grep '^torch==' constraints.txt)"
	@.venv/bin/python $(PIP) install -c constraints.txt -e '.[dev]'
	@touch $@

# Rasa 3.6 declares Python < 3.11, but runs on 3.11 with this complete list of versions; see docs/explanation/architecture.md.
.venv-rasa/.installed: nlu/requirements.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: install it, or give its path with 'make PYTHON=/path/to/python3.11'."; exit 1; }
	@echo "Making .venv-rasa (about two minutes the first time) ..."
	@$(PYTHON) -m venv .venv-rasa
	@.venv-rasa/bin/python $(PIP) install --no-deps --ignore-requires-python -r nlu/requirements.txt
	@touch $@

# The other search engines of the benchmark: large, and needed for nothing else.
.venv-peers/.installed: benchmarks/peers/requirements.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: install it, or give its path with 'make PYTHON=/path/to/python3.11'."; exit 1; }
	@echo "Making .venv-peers (a few minutes the first time) ..."
	@$(PYTHON) -m venv .venv-peers
	@echo '*' > .venv-peers/.gitignore
	@.venv-peers/bin/python $(PIP) install "$$(grep '^torch==' benchmarks/peers/requirements.txt)"
	@.venv-peers/bin/python $(PIP) install -r benchmarks/peers/requirements.txt
	@touch $@

.venv-supply/.installed: supply-requirements.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 is needed: install it, or give its path with 'make PYTHON=/path/to/python3.11'."; exit 1; }
	@$(PYTHON) -m venv .venv-supply
	@echo '*' > .venv-supply/.gitignore
	@.venv-supply/bin/python $(PIP) install -q --no-deps -r supply-requirements.txt
	@touch $@

# Keeps var/, which holds the databases.
clean:
	rm -rf .venv .venv-rasa .venv-peers .venv-supply
