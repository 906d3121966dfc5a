# make demo   a living demo plant at http://127.0.0.1:8080
# make test   all tests
# make test-ui   the start page in a real browser (needs npm and chromium)
# make lint   formatting, clippy, licences of the tree
# make bench  our promises beside their peers

CARGO ?= cargo
DATA  ?= demo-data
HTTP  ?= 127.0.0.1:8080
ARGS  ?=

.PHONY: demo test test-ui lint bench check-tools

check-tools:
	@command -v $(CARGO) >/dev/null || { echo "cargo is missing: install Rust 1.90 or newer from your system's packages or rustup"; exit 1; }
	@command -v cc >/dev/null || { echo "a C compiler is missing: install gcc (Debian: apt-get install gcc libc6-dev)"; exit 1; }

demo: check-tools
	$(CARGO) build --release --locked
	./target/release/millwright demo --data $(DATA) --http $(HTTP) $(ARGS)

test: check-tools
	$(CARGO) test --locked --lib --bins --tests

test-ui: check-tools
	$(CARGO) build --locked
	sh tests/ui/run.sh

lint: check-tools
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --lib --bins --tests -- -D warnings
	sh tests/tidy.sh

bench: check-tools
	$(CARGO) bench --locked --features peers
