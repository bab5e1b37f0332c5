# One word each; CI calls `make test`.
.PHONY: demo test alone tools packages build lint unit system image-test campaign bench-backup bench-load options golden fuzz book static deb package

HOMESEED = target/release/homeseed
MDBOOK = target/tools/bin/mdbook
# Static with musl where the toolchain has it, otherwise with Debian's own libc.
MUSL = x86_64-unknown-linux-musl
ifneq ($(wildcard $(shell rustc --print target-libdir --target $(MUSL))/libstd-*),)
STATIC = --target $(MUSL)
STATIC_HOMESEED = target/$(MUSL)/release/homeseed
else
STATIC = -- -C target-feature=+crt-static
STATIC_HOMESEED = $(HOMESEED)
endif

demo: build ## builds, compiles the example site, shows what it made
	$(HOMESEED) check examples/site.yaml
	$(HOMESEED) plan examples/site.yaml
	$(HOMESEED) user-data examples/site.yaml --allow-placeholders --output target/user-data
	@head -n 3 target/user-data; wc -c target/user-data

# What waits for the network or for one processor goes beside what compiles.
test: ## everything, QEMU boots included
	$(MAKE) --jobs=2 --output-sync packages build
	$(MAKE) --jobs=2 --output-sync tools alone system
	$(MAKE) --jobs=2 package image-test

alone: lint unit ## all tests that need neither root nor what `make tools` makes

tools: packages build ## what the tests need: packages by apt, and a Debian tree with the daemons
	$(HOMESEED) test --prepare image-tests

packages: ## needs root where a package is missing
	image-tests/tools

build:
	cargo build --release --locked --quiet

lint: ## needs git and shellcheck
	@for tool in git shellcheck; do command -v $$tool >/dev/null || { echo "\`make lint\` needs $$tool: install it" >&2; exit 1; }; done
	cargo fmt --check
	cargo clippy --release --locked --quiet --all-targets -- -D warnings
	cargo clippy --release --locked --quiet --test system -- -D warnings
	cargo test --release --locked --quiet --test system shellcheck
	git ls-files | grep -v '^tests/golden/\|\.j2$$' | xargs grep -lE '^#!/bin/(ba)?sh|^#!/usr/bin/env bash|^# shellcheck shell=' | xargs shellcheck

unit: build ## needs neither root nor Debian
	cargo test --release --locked --quiet

system: tools ## needs root and a Debian host
	cargo test --release --locked --quiet --test system

book: $(MDBOOK) ## the documentation as pages, in target/book
	tests/book.sh $(MDBOOK)

$(MDBOOK):
	CARGO_PROFILE_RELEASE_OPT_LEVEL=0 cargo install --quiet --locked --root target/tools --no-default-features mdbook@0.5.4

static: build ## the program as one file that needs nothing else, in target/static
	cargo rustc --release --locked --quiet --bin homeseed $(STATIC)
	mkdir -p target/static
	cp $(STATIC_HOMESEED) target/static/homeseed

deb: static ## a Debian package of the program, in target/deb
	src/package.sh target/static/homeseed

package: deb ## makes the package and tries it
	tests/package.sh target/deb/homeseed_*.deb

# By a copy of the program, which `make static` may replace meanwhile.
image-test: build ## all cases, or one: make image-test CASE=minimal
	install -D $(HOMESEED) target/image-test/homeseed
	target/image-test/homeseed test image-tests$(if $(CASE),/$(CASE))

CUTS = 30
SEED = 1
REBOOTS = 20
campaign: tools ## pulls the plug of machine after machine, and reboots one: make campaign CUTS=100 SEED=1 REBOOTS=20; goes on where it was interrupted
	image-tests/campaign $(CUTS) $(SEED) $(REBOOTS)

bench-backup: tools ## what a backup and a restore of a gigabyte take: a benchmark, to be read
	$(HOMESEED) test tests/bench/backup

bench-load: tools ## what a small community does to the smallest machine: a benchmark, to be read
	$(HOMESEED) test tests/bench/load

options: tools ## rewrites the table of Synapse's options and their types; then review the diff
	UPDATE=1 cargo test --release --locked --quiet --test system options

golden: ## rewrites the expected output; then review the diff
	UPDATE=1 cargo test --release --locked

fuzz: ## a minute of coverage-guided fuzzing; needs cargo-fuzz and a nightly toolchain
	mkdir -p tests/fuzz/corpus/site
	cargo +nightly fuzz run --fuzz-dir tests/fuzz site tests/fuzz/corpus/site tests/golden/errors examples -- -max_total_time=60
