# Everything here needs Go and make only; tools are built into bin/ through the
# Go module proxy and kept there.

TELEGRAF_VERSION  := v1.39.3
INFLUXDB_VERSION  := v1.8.10
KAPACITOR_VERSION := v1.5.9
KAPACITOR_GO      := go1.21.13
GOLANGCI_VERSION  := v2.15.0
VULNCHECK_VERSION := v1.8.0
ACTIONLINT_VERSION := v1.7.12
# What the demonstration and the end-to-end tests load; the code is stock.
TELEGRAF_TAGS     := custom,inputs.execd,outputs.file,outputs.influxdb,outputs.prometheus_client,parsers.influx,processors.starlark,serializers.influx

VERSION     ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
RUN_SECONDS ?= 30
BENCH_TIME  ?= 1s
FUZZ_TIME   ?= 30s
SOAK_TIME   ?= 10m

# Nothing of the place and the time of the build gets into the binary.
BUILD_FLAGS := -trimpath -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION)'

# The race detector needs a C compiler; go env says 0 where there is none.
RACE := $(if $(filter 1,$(shell go env CGO_ENABLED)),-race)
BIN  ?= $(CURDIR)/bin

# Kept under names that carry the version, so that another version builds anew,
# and so do other tags.
TELEGRAF := $(BIN)/.telegraf-$(TELEGRAF_VERSION)-$(firstword $(shell echo '$(TELEGRAF_TAGS)' | cksum))
INFLUXD  := $(BIN)/.influxd-$(INFLUXDB_VERSION)
KAPACITOR := $(BIN)/.kapacitord-$(KAPACITOR_VERSION)
GOLANGCI := $(BIN)/.golangci-lint-$(GOLANGCI_VERSION)
VULNCHECK := $(BIN)/.govulncheck-$(VULNCHECK_VERSION)
ACTIONLINT := $(BIN)/.actionlint-$(ACTIONLINT_VERSION)
LINTDOC  := $(BIN)/.readme_linter-$(TELEGRAF_VERSION)

.PHONY: all build run test test-short lint fmt e2e bench fuzz soak docs images clean
.DEFAULT_GOAL := build

all: lint test build

# Go's own build cache knows what is up to date.
build:
	CGO_ENABLED=0 go build $(BUILD_FLAGS) -o bin/smtpprobe ./cmd/smtpprobe

run: build bin/telegraf
	CGO_ENABLED=0 go build -trimpath -o bin/.run ./internal/run
	@exec bin/.run -duration $(RUN_SECONDS)s

# Everything that needs neither root nor other programs.
test:
	@test -n '$(RACE)' || echo 'no C compiler: testing without the race detector'
	go test $(RACE) ./...

test-short:
	go test -short ./...

# Real servers, and the real Telegraf; installs the servers where that can be done.
e2e: build bin/telegraf bin/influxd bin/kapacitord telegraf-native
	internal/e2e/install.sh $(BIN)/.e2e
	rm -rf $(BIN)/.packages
	$(MAKE) packages-linux-$(shell go env GOARCH) DIST=$(BIN)/.packages
	go test -tags e2e -count 1 -timeout 15m ./internal/e2e/...

lint: $(GOLANGCI) $(LINTDOC) $(VULNCHECK) $(ACTIONLINT)
	@unformatted=$$(gofmt -l cmd internal packaging plugins smtpprobe); test -z "$$unformatted" || { echo "not formatted by gofmt:"; echo "$$unformatted"; exit 1; }
	go vet ./...
	@for target in linux/arm darwin/arm64 windows/amd64 freebsd/amd64; do \
		echo "go vet for $$target" && GOOS=$${target%/*} GOARCH=$${target#*/} CGO_ENABLED=0 go vet ./... || exit 1; \
	done
	go mod verify
	go run ./packaging/licenses -check docs/licenses.md
	packaging/vulncheck.sh $(VULNCHECK)
	$(GOLANGCI) run ./...
	$(LINTDOC) -quiet plugins/inputs/smtpprobe/README.md
	$(ACTIONLINT) -shellcheck= -pyflakes= .github/workflows/*.yml

fmt: $(GOLANGCI)
	$(GOLANGCI) fmt ./...

bench:
	go test -run '^$$' -bench . -benchmem -benchtime $(BENCH_TIME) ./...
	go build -o bin/.bench ./internal/bench
	bin/.bench

# go test fuzzes one target of one package at a time.
fuzz:
	@go list -f '{{.Dir}}' ./... | while read -r dir; do \
		grep -hos 'func Fuzz[A-Za-z0-9_]*' "$$dir"/*_test.go | sed 's/func //' | while read -r target; do \
			echo "== $$dir $$target"; \
			(cd "$$dir" && go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZ_TIME) .) || exit 1; \
		done || exit 1; \
	done

soak: build
	SOAK_TIME=$(SOAK_TIME) go test -tags soak -count 1 -timeout 0 -v -run Soak ./...

# The pictures of the documentation, from a story that is played for them.
images: build
	internal/report/record/images.sh bin/smtpprobe docs/images

# The parts of the documentation that are made from code; a test keeps them true.
docs:
	go generate ./...
	go test -count 1 -run 'Readme|Document|Demonstration' ./cmd/smtpprobe -update

bin/telegraf: $(TELEGRAF)
	@ln -sf $(notdir $<) $@

$(TELEGRAF):
	$(call install,telegraf,-tags '$(TELEGRAF_TAGS)' github.com/influxdata/telegraf/cmd/telegraf@$(TELEGRAF_VERSION))

bin/influxd: $(INFLUXD)
	@ln -sf $(notdir $<) $@

bin/kapacitord: $(KAPACITOR)
	@ln -sf $(notdir $<) $@

# The one that speaks Flux; Debian's is older.
$(INFLUXD):
	$(call install,influxd,github.com/influxdata/influxdb/cmd/influxd@$(INFLUXDB_VERSION))

# A dependency of it does not start with Go 1.22 or newer, and "go install" does
# not follow its replacements.
$(KAPACITOR):
	@rm -rf $(BIN)/.install-kapacitord && mkdir -p $(BIN)/.install-kapacitord
	cd $(BIN)/.install-kapacitord && export GOTOOLCHAIN=$(KAPACITOR_GO) GOFLAGS=-mod=mod CGO_ENABLED=0 && go mod init kapacitor.test && \
		go mod edit -require github.com/influxdata/kapacitor@$(KAPACITOR_VERSION) \
			-replace gopkg.in/fsnotify.v1=github.com/fsnotify/fsnotify@v1.4.2 \
			-replace github.com/prometheus/prometheus=github.com/goller/prometheus@v1.6.1-0.20170502220046-58298e738211 && \
		go build -trimpath -o kapacitord github.com/influxdata/kapacitor/cmd/kapacitord
	@mv $(BIN)/.install-kapacitord/kapacitord $@
	@rm -r $(BIN)/.install-kapacitord

$(GOLANGCI):
	$(call install,golangci-lint,github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION))

$(VULNCHECK):
	$(call install,govulncheck,golang.org/x/vuln/cmd/govulncheck@$(VULNCHECK_VERSION))

$(ACTIONLINT):
	$(call install,actionlint,github.com/rhysd/actionlint/cmd/actionlint@$(ACTIONLINT_VERSION))

$(LINTDOC):
	$(call install,readme_linter,github.com/influxdata/telegraf/tools/readme_linter@$(TELEGRAF_VERSION))

include packaging/native.mk packaging/release.mk

# $(call install,name,arguments of go install): builds in a directory of its
# own, so that an interrupted build leaves nothing that looks finished.
define install
@mkdir -p $(BIN)
GOBIN=$(BIN)/.install-$(1) CGO_ENABLED=0 go install -trimpath $(2)
@mv $(BIN)/.install-$(1)/$(1) $@
@rmdir $(BIN)/.install-$(1)
endef

clean:
	rm -rf bin dist
