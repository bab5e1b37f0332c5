# One word each; CI calls `make test`.
.PHONY: demo test tools lint unit image-test golden fuzz

HOMESEED = target/release/homeseed

demo: ## builds, compiles the example site, shows what it made
	cargo build --release --locked --quiet
	$(HOMESEED) check examples/site.yaml
	$(HOMESEED) plan examples/site.yaml
	$(HOMESEED) user-data examples/site.yaml --output target/user-data
	@head -n 3 target/user-data; wc -c target/user-data

test: tools lint unit image-test ## everything, QEMU boots included

tools: ## what the tests need and this machine lacks, by apt
	image-tests/tools

lint:
	cargo fmt --check
	cargo clippy --locked --quiet --all-targets -- -D warnings
	shellcheck $$(git ls-files | xargs grep -lE '^#!/bin/(ba)?sh|^#!/usr/bin/env bash|^# shellcheck shell=' -- )

unit:
	cargo build --release --locked --quiet
	cargo test --locked --quiet

image-test: ## all cases, or one: make image-test CASE=minimal
	cargo build --release --locked --quiet
	$(HOMESEED) test $(if $(CASE),image-tests/$(CASE),image-tests)

golden: ## rewrites the expected output; then review the diff
	UPDATE=1 cargo test --locked

fuzz: ## a minute of coverage-guided fuzzing; needs cargo-fuzz and a nightly toolchain
	cd tests && cargo +nightly fuzz run site -- -max_total_time=60
