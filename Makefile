# `make run` and `make test` are all one needs to know; the rest serves those two.
.DEFAULT_GOAL := help
.PHONY: help run release image manifests test test-faults enumeration check bench deps

help: ## List these targets
	@echo 'Plenum: meetings, chat and calls behind your own login, from one binary.'
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Build Plenum and its web client, and start it with its embedded stores; the address to open is printed
	@sh scripts/web.sh
	@exec cargo run --bin plenum

release: ## Build target/release/plenum: one binary, with the web client in it
	@sh scripts/web.sh
	@cargo build --release --bin plenum

image: ## Build the container image, FROM scratch, with buildah (TAG=localhost/plenum:latest)
	@sh scripts/image.sh

manifests: ## Render deploy/kubernetes from the Helm chart
	@node scripts/check-deploy.mjs --write

test: ## Run every test (MODE=plenum SUITES=rooms,resume for a part; MODE=rust for cargo's alone, MODE=faults for faults in short)
	@sh scripts/deps.sh --quietly
	@node scripts/test.mjs

test-faults: ## Every fault an operator meets, with figures; writes docs/reliability.md (20 minutes; ONLY=redis,nodes for a part)
	@sh scripts/deps.sh --quietly
	@node scripts/faults.mjs

enumeration: ## Whether answers tell by their time who has an account: 1,000 samples a question (10 minutes)
	@cargo build --bins
	@node tests/faults/enumeration.mjs

check: ## Format, lints, documentation, generated types, the web client, file sizes, licenses
	@sh scripts/check.sh

bench: ## Measure Plenum beside a Node server and the floor; writes docs/performance.md (40 minutes)
	@cargo build --release --workspace --bins
	@cd bench/node-peer && npm ci --no-audit --no-fund
	@./target/release/plenum-bench count
	@./target/release/plenum-bench run

deps: ## Install what the tests need beyond Rust and Node (apt, as root)
	@sh scripts/deps.sh
