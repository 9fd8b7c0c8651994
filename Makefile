# Go and make are enough. Tools are built into bin/; e2e and zoo also install
# servers, from Debian's packages, if make runs as root.

TELEGRAF_VERSION := v1.39.3
VERSION     ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
BIN         ?= $(CURDIR)/bin
RUN_SECONDS ?= 30
BENCH_TIME  ?= 1s
FUZZ_TIME   ?= 30s
SOAK_TIME   ?= 10m

# The binary is the same wherever and whenever it is built.
BUILD_FLAGS := -trimpath -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION)'
# The race detector needs cgo, which Go disables if there is no C compiler.
RACE := $(if $(filter 1,$(shell go env CGO_ENABLED)),-race)
# The operating systems of a release.
SYSTEMS := linux darwin windows freebsd

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help all build run test lint words licenses fmt e2e zoo bench fuzz soak docs images release release-files package image clean

include packaging/tools.mk packaging/native.mk

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /  make \1\t/' | expand -t 20

all: lint test build

build: ## build bin/smtpprobe
	CGO_ENABLED=0 go build $(BUILD_FLAGS) -o bin/smtpprobe ./cmd/smtpprobe

run: build bin/telegraf ## run a stock Telegraf against the demonstration relays for RUN_SECONDS (30)
	CGO_ENABLED=0 go build -trimpath -o bin/.run ./internal/run
	@exec bin/.run -duration $(RUN_SECONDS)s

test: ## run the tests that need only Go
	@test -n '$(RACE)' || echo 'no C compiler: testing without the race detector'
	go test $(RACE) ./...

e2e: build bin/telegraf bin/influxd telegraf-native ## test against real servers and a stock Telegraf
	internal/e2e/install.sh e2e $(BIN)/.servers
	$(MAKE) package DIST=$(BIN)/.packages
	go test -tags e2e -count 1 -timeout 15m ./internal/e2e/...

zoo: build bin/mailpit bin/inbucket ## test against the mail servers of docs/servers.md
	internal/e2e/install.sh zoo $(BIN)/.servers
	go test -tags e2e,zoo -count 1 -timeout 15m ./internal/e2e/zoo

lint: $(GOLANGCI) $(LINTDOC) $(VULNCHECK) $(ACTIONLINT) words licenses ## check format, code, language, licenses and vulnerabilities
	@unformatted=$$(gofmt -l cmd internal packaging plugins smtpprobe); test -z "$$unformatted" || { echo "not formatted by gofmt:"; echo "$$unformatted"; exit 1; }
	go vet ./...
	@for target in linux/arm darwin/arm64 windows/amd64 freebsd/amd64; do \
		echo "go vet for $$target" && GOOS=$${target%/*} GOARCH=$${target#*/} CGO_ENABLED=0 go vet ./... || exit 1; \
	done
	go mod verify
	packaging/vulncheck.sh $(VULNCHECK)
	$(GOLANGCI) run ./...
	$(LINTDOC) -quiet plugins/inputs/smtpprobe/README.md
	$(ACTIONLINT) -shellcheck= -pyflakes= .github/workflows/*.yml

words: ## fail on words that CONTRIBUTING.md bans
	packaging/words.sh

licenses: $(LICENSES) ## fail on modules whose license is not accepted
	@for os in $(SYSTEMS); do \
		echo "licenses for $$os" && GOOS=$$os CGO_ENABLED=0 $(LICENSES) check --allowed_licenses=Apache-2.0,BSD-2-Clause,BSD-3-Clause,ISC,MIT ./cmd/smtpprobe 2>$(BIN)/.licenses.log || \
			{ cat $(BIN)/.licenses.log; exit 1; }; \
	done

fmt: $(GOLANGCI)
	$(GOLANGCI) fmt ./...

bench: ## measure the cost of a probe and of a gather
	go test -run '^$$' -bench . -benchmem -benchtime $(BENCH_TIME) ./...
	go build -o bin/.bench ./internal/bench
	bin/.bench

fuzz: ## fuzz each target for FUZZ_TIME (30s)
	@go list -f '{{.Dir}}' ./... | while read -r dir; do \
		grep -hos 'func Fuzz[A-Za-z0-9_]*' "$$dir"/*_test.go | sed 's/func //' | while read -r target; do \
			echo "== $$dir $$target"; \
			packaging/fuzz.sh "$$dir" "$$target" $(FUZZ_TIME) || exit 1; \
		done || exit 1; \
	done

soak: build ## run the leak tests for SOAK_TIME (10m)
	SOAK_TIME=$(SOAK_TIME) go test -tags soak -count 1 -timeout 0 -v -run Soak ./...

docs: ## write the generated documentation
	go generate ./...
	go test -count 1 -run 'Readme|Document|Demonstration' ./cmd/smtpprobe -update

images: build bin/influxd ## write the images of the documentation
	internal/report/record/images.sh bin/smtpprobe docs/images bin/influxd

DIST ?= $(CURDIR)/dist
release: $(GORELEASER) $(SYFT) ## build archives and packages for all platforms into dist/
	SYFT=$(SYFT) $(GORELEASER) release --config packaging/goreleaser.yaml --clean --skip publish $(if $(shell git describe --exact-match --tags 2>/dev/null),,--snapshot)

package: $(GORELEASER) ## build the deb and the rpm of this architecture into dist/
	ONLY=linux-$(shell go env GOARCH) $(GORELEASER) release --config packaging/goreleaser.yaml --clean --snapshot --skip archive,sbom
	@test '$(DIST)' = '$(CURDIR)/dist' || { mkdir -p '$(DIST)' && rm -f '$(DIST)'/*.deb '$(DIST)'/*.rpm && mv dist/*.deb dist/*.rpm '$(DIST)'; }

# Packages and the image create the directory of the state file, so their
# configuration sets it.
bin/smtpprobe.conf: plugins/inputs/smtpprobe/sample.conf
	@mkdir -p bin
	sed 's/^  # state_file = /  state_file = /' $< > $@
	@grep -qx '  state_file = "/var/lib/telegraf/smtpprobe.state"' $@

# Files of packages and archives that are not in the repository.
release-files: $(LICENSES) bin/smtpprobe.conf
	gzip -9 -n -c packaging/smtpprobe.1 > bin/smtpprobe.1.gz
	@for os in $(SYSTEMS); do \
		GOOS=$$os CGO_ENABLED=0 $(LICENSES) report --template packaging/licenses.tpl ./cmd/smtpprobe > bin/third-party-licenses-$$os.txt 2>$(BIN)/.licenses.log || \
			{ cat $(BIN)/.licenses.log; exit 1; }; \
	done

# Telegraf with the plugin. Needs podman or docker.
ENGINE ?= $(firstword $(shell command -v podman docker 2>/dev/null) podman)
IMAGE  := $(BIN)/.image
image: build bin/smtpprobe.conf ## build a container image of Telegraf with the plugin
	rm -rf $(IMAGE) && mkdir -p $(IMAGE)/state
	cp bin/smtpprobe bin/smtpprobe.conf packaging/Containerfile packaging/telegraf.conf $(IMAGE)
	$(ENGINE) build -f $(IMAGE)/Containerfile --build-arg TELEGRAF_VERSION=$(TELEGRAF_VERSION:v%=%) -t smtpprobe:$(VERSION) $(IMAGE)
	rm -rf $(IMAGE)

clean: ## remove bin/ and dist/
	rm -rf bin dist
