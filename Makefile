# `make run` and `make test` are all one needs to know; the rest serves those two.
.DEFAULT_GOAL := help
.PHONY: help run test check bench deps

help: ## List these targets
	@echo 'Plenum: meetings, chat and calls behind your own login, from one binary.'
	@echo
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build Plenum and start it with its embedded stores; the address to open is printed
	@cargo build --bin plenum
	@exec ./target/debug/plenum

test: ## Run every test (MODE=plenum SUITES=rooms,resume for a part; MODE=rust for cargo's alone)
	@sh scripts/deps.sh --quietly
	@node scripts/test.mjs

check: ## Format, lints, documentation, generated types, file sizes, licenses
	@sh scripts/check.sh

bench: ## Measure Plenum beside a Node server and the floor; writes docs/performance.md (40 minutes)
	@cargo build --release --workspace --bins
	@cd bench/node-peer && npm ci --no-audit --no-fund
	@./target/release/plenum-bench count
	@./target/release/plenum-bench run

deps: ## Install what the tests need beyond Rust and Node (apt, as root)
	@sh scripts/deps.sh
