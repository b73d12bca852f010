# Everything runs from .venv, made of the Python that the system's QGIS is built for. `make test` and `make demo` do
# all set-up by themselves; a second run takes seconds.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
ROOT := $(CURDIR)
PY := $(ROOT)/.venv/bin/python
BUILD := $(ROOT)/build
STAGED := $(BUILD)/aze_plugin
SOURCES := $(shell find aze_plugin resources i18n -type f -not -path '*/__pycache__/*' 2>/dev/null)
RUN := $(PY) scripts/environment.py --run

.PHONY: setup demo test lint bench stage package env qgis sample translations clean
.DEFAULT_GOAL := test

setup: .venv/.ready
.venv/.ready: requirements/vendor.txt requirements/dev.txt scripts/system.sh scripts/setup.sh
	@scripts/system.sh 1>&2
	@scripts/setup.sh 1>&2
	@touch $@

stage: $(BUILD)/.staged
$(BUILD)/.staged: .venv/.ready $(SOURCES) metadata.txt LICENSE requirements/vendor.txt scripts/stage.py
	@$(PY) scripts/stage.py 1>&2
	@touch $@

package: stage
	@$(PY) scripts/stage.py --package

env: stage
	@$(PY) scripts/environment.py

demo: stage
	@$(RUN) $(PY) scripts/demo.py

test: stage
	@$(RUN) xvfb-run -a -s "-screen 0 1600x1000x24" $(PY) -m pytest $(ARGS)

bench: stage
	@$(RUN) $(PY) -m benchmarks

lint: setup
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

qgis: stage
	@$(RUN) --screen qgis

sample: setup
	@$(PY) scripts/make_sample.py

translations: setup
	@$(PY) scripts/translations.py

clean:
	rm -rf build dist
