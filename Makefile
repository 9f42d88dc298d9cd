# Everything that is needed to work on Tandem and to run it; `make help` lists it.
# The set-up steps are files: each is done once, and again when what it depends on has changed.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

UV := .tools/uv/bin/uv
BIN := .venv/bin
FRONTEND_SOURCES := $(shell find frontend \( -name node_modules -o -name .next -o -name out -o -name e2e -o -name integration -o -name testing \) -prune \
	-o -type f ! -name '*.test.ts*' ! -name '*.tsbuildinfo' ! -name next-env.d.ts -print)
GO_TOOLS := .cache/bin/caddy .cache/bin/compose-go .cache/bin/daprd .cache/bin/helm .cache/bin/toxiproxy-server
export UV_PROJECT_ENVIRONMENT := .venv
export NEXT_TELEMETRY_DISABLED := 1
# Warnings of npm about a registry without some package's other platforms help nobody.
NPM_INSTALL := npm install --no-save --no-audit --no-fund --loglevel=error

.PHONY: help run dev cluster build test check format schema manifests bench chaos clean

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## Run Tandem on http://127.0.0.1:8000 (PORT, HOST, TANDEM_DATA_DIR)
	@exec $(BIN)/tandem serve

dev: .cache/python .cache/node ## Run backend :8000, websocket service :8005 and frontend :3000, each with reload
	@exec $(BIN)/python tools/dev.py

cluster: build .cache/system .cache/bin/daprd ## Run a large Tandem here: 2 backends, 3 websocket services, Dapr, Redis, PostgreSQL, nginx
	@exec $(BIN)/python tools/cluster.py

build: .cache/python .cache/frontend ## Install what is needed and build the frontend

test: build .cache/system $(GO_TOOLS) ## Run all tests, with real servers, databases and a browser
	$(BIN)/pytest
	cd frontend && npm run --silent test
	cd frontend && npm run --silent test:integration
	cd frontend && npm run --silent e2e

check: .cache/python .cache/node ## Lint, format, types, and whether the generated files are fresh
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/python tools/generate.py --check
	cd frontend && npm run --silent lint && npm run --silent format:check && npm run --silent typecheck

format: .cache/python .cache/node ## Format everything and mend what can be mended by itself
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	cd frontend && npm run --silent format

schema: .cache/python .cache/node ## Write the generated files: schema/, TypeScript types, docs/settings.md
	$(BIN)/python tools/generate.py

manifests: .cache/python .cache/bin/helm ## Write deploy/kubernetes/tandem.yaml from the Helm chart
	$(BIN)/python tools/manifests.py

bench: build .cache/system .cache/bin/daprd ## Measure, against named baselines in the same run (docs/performance.md)
	$(BIN)/python bench/main.py

chaos: build .cache/system .cache/bin/daprd .cache/bin/toxiproxy-server ## Kill, freeze and cut parts while clients edit (MINUTES, SEED, EDITS, TARGET)
	@$(BIN)/python tools/chaos.py $(if $(MINUTES),--minutes $(MINUTES)) $(if $(SEED),--seed $(SEED)) \
		$(if $(EDITS),--edits $(EDITS)) $(if $(TARGET),--target $(TARGET))

clean: ## Remove what was built and installed; data stays
	rm -rf .venv .tools .cache frontend/node_modules frontend/.next frontend/out

# --- set-up ----------------------------------------------------------------------------------------------------

.cache/tools: tools/require.sh
	@bash tools/require.sh
	@mkdir -p .cache && touch $@

$(UV): .cache/tools
	@echo "Installing uv …"
	@python3 -m venv .tools/uv
	@.tools/uv/bin/pip install --quiet --disable-pip-version-check 'uv>=0.9'
	@touch $@

.cache/python: $(UV) uv.lock pyproject.toml $(wildcard packages/*/pyproject.toml backend/pyproject.toml services/*/pyproject.toml)
	@echo "Installing the Python packages …"
	@$(UV) sync --frozen --quiet --python "$$(command -v python3)"
	@mkdir -p .cache && touch $@

.cache/node: .cache/tools frontend/package.json frontend/package-lock.json
	@echo "Installing the browser part's packages …"
	@cd frontend && $(NPM_INSTALL)
	@mkdir -p .cache && touch $@

.cache/frontend: .cache/node $(FRONTEND_SOURCES)
	@echo "Building the browser part …"
	@cd frontend && npm run --silent build > ../.cache/frontend.log 2>&1 || { cat ../.cache/frontend.log; exit 1; }
	@touch $@

# PostgreSQL, Redis, nginx and Chromium, from Debian's packages.
.cache/system: tools/system_packages.sh
	@bash tools/system_packages.sh
	@mkdir -p .cache && touch $@

# Programs in Go that are in no package: each is built once, which takes daprd minutes.
$(GO_TOOLS): .cache/bin/%: tools/%/go.mod tools/%/go.sum tools/go_tool.sh
	@bash tools/go_tool.sh $*
	@touch $@
