# make demo   a living demo plant at http://127.0.0.1:8080
# make test   all tests
# make ui     the web interface, which the binary takes in (needs npm; without it a plain page is served)
# make test-ui   the interface in a real browser (needs npm and chromium)
# make pictures  its pages as PNG, in target/pictures; those of the README anew, in assets/pictures
# make bench-ui  how long its pages take on a slow tablet
# make lint   formatting, clippy, licences of the tree
# make bench  our promises beside their peers

CARGO ?= cargo
DATA  ?= demo-data
HTTP  ?= 127.0.0.1:8080
ARGS  ?=
# What `make test` gives cargo besides: TESTS="-- some_story".
TESTS ?=
# Where `make test` keeps the Python with which tests read the Parquet export and ask by SQL, play an edge node and an OPC UA server.
VENV  ?= $(abspath $(or $(CARGO_TARGET_DIR),target))/venv

NPM   := $(shell command -v npm 2>/dev/null)

.PHONY: demo ui test test-ui pictures lint bench bench-ui check-tools python-tools

check-tools:
	@command -v $(CARGO) >/dev/null || { echo "cargo is missing: install Rust 1.92 or newer from your system's packages or rustup"; exit 1; }
	@command -v cc >/dev/null || { echo "a C compiler is missing: install gcc (Debian: apt-get install gcc libc6-dev)"; exit 1; }

python-tools:
	@$(VENV)/bin/python3 -c 'import asyncpg, asyncua, duckdb, moto.server, pandas, psycopg, pyarrow, pypdf, pypdfium2, pysparkplug, sqlalchemy, zxingcpp' 2>/dev/null \
	|| { python3 -m venv $(VENV) && $(VENV)/bin/python3 -m pip install --quiet asyncpg asyncua duckdb 'moto[server]' pandas pillow 'psycopg[binary]' pyarrow pypdf pypdfium2 pysparkplug 'paho-mqtt<2' sqlalchemy zxing-cpp; } \
	|| echo "no DuckDB, psycopg, asyncua, moto and pysparkplug for Python can be installed here (Debian: apt-get install python3-venv, and a network): tests that need them are skipped"

ifdef NPM
UI_SOURCES := $(shell find assets/ui fixtures/imports -name node_modules -prune -o -name dist -prune -o -type f -print)

# Built only when something of it changed: newer files would build the binary anew.
ui: assets/ui/dist/index.html.gz

assets/ui/dist/index.html.gz: assets/ui/node_modules/.package-lock.json $(UI_SOURCES)
	cd assets/ui && npm run --silent build

assets/ui/node_modules/.package-lock.json: assets/ui/package-lock.json
	cd assets/ui && npm ci --silent
else
ui:
	@echo "npm is missing, so the binary serves a plain page: install Node 20.19 or newer for the interface"
endif

demo: check-tools ui
	$(CARGO) build --release --locked
	$(or $(CARGO_TARGET_DIR),./target)/release/millwright demo --data $(DATA) --http $(HTTP) $(ARGS)

test: check-tools python-tools
	MILLWRIGHT_PYTHON=$(VENV)/bin/python3 $(CARGO) test --locked --lib --bins --tests --no-fail-fast $(TESTS)

test-ui: check-tools ui
	$(CARGO) build --locked
	sh tests/ui/run.sh

pictures: check-tools ui
	$(CARGO) build --locked
	PICTURES=$(abspath target/pictures) sh tests/ui/run.sh

bench-ui: check-tools ui
	$(CARGO) build --locked
	BENCH=1 sh tests/ui/run.sh

lint: check-tools
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --lib --bins --tests -- -D warnings
	sh tests/tidy.sh

bench: check-tools
	$(CARGO) bench --locked --features peers
