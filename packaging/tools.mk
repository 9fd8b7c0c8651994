# The programs that the Makefile's targets use. They are built from Go modules into
# bin/, with the version in the file name, so that a program is built again when its
# version changes here.

INFLUXDB_VERSION   := v1.8.10
GOLANGCI_VERSION   := v2.15.0
VULNCHECK_VERSION  := v1.8.0
ACTIONLINT_VERSION := v1.7.12
LICENSES_VERSION   := v1.6.0
GORELEASER_VERSION := v2.13.3
SYFT_VERSION       := v1.44.0
MAILPIT_VERSION    := v1.33.1
INBUCKET_VERSION   := v3.2.0

# The plugins of Telegraf that the demonstration and the end-to-end tests use.
TELEGRAF_TAGS := custom,inputs.execd,outputs.file,outputs.influxdb,outputs.prometheus_client,parsers.influx,processors.starlark,serializers.influx

TELEGRAF   := $(BIN)/.telegraf-$(TELEGRAF_VERSION)-$(firstword $(shell echo '$(TELEGRAF_TAGS)' | cksum))
INFLUXD    := $(BIN)/.influxd-$(INFLUXDB_VERSION)
GOLANGCI   := $(BIN)/.golangci-lint-$(GOLANGCI_VERSION)
VULNCHECK  := $(BIN)/.govulncheck-$(VULNCHECK_VERSION)
ACTIONLINT := $(BIN)/.actionlint-$(ACTIONLINT_VERSION)
LICENSES   := $(BIN)/.go-licenses-$(LICENSES_VERSION)
GORELEASER := $(BIN)/.goreleaser-$(GORELEASER_VERSION)
MAILPIT    := $(BIN)/.mailpit-$(MAILPIT_VERSION)
INBUCKET   := $(BIN)/.inbucket-$(INBUCKET_VERSION)
SYFT       := $(BIN)/.syft-$(SYFT_VERSION)
LINTDOC    := $(BIN)/.readme_linter-$(TELEGRAF_VERSION)

# $(call install,name,arguments of go install) builds in a temporary directory, so
# that an interrupted build leaves no incomplete target.
define install
@mkdir -p $(BIN)
GOBIN=$(BIN)/.install-$(1) CGO_ENABLED=0 go install -trimpath $(2)
@mv $(BIN)/.install-$(1)/$(1) $@
@rmdir $(BIN)/.install-$(1)
endef

bin/telegraf: $(TELEGRAF)
	@ln -sf $(notdir $<) $@
bin/influxd: $(INFLUXD)
	@ln -sf $(notdir $<) $@
bin/mailpit: $(MAILPIT)
	@ln -sf $(notdir $<) $@
bin/inbucket: $(INBUCKET)
	@ln -sf $(notdir $<) $@

$(TELEGRAF):
	$(call install,telegraf,-tags '$(TELEGRAF_TAGS)' github.com/influxdata/telegraf/cmd/telegraf@$(TELEGRAF_VERSION))
# InfluxDB 1.8 supports Flux; Debian's 1.6 does not.
$(INFLUXD):
	$(call install,influxd,github.com/influxdata/influxdb/cmd/influxd@$(INFLUXDB_VERSION))
$(GOLANGCI):
	$(call install,golangci-lint,github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION))
$(VULNCHECK):
	$(call install,govulncheck,golang.org/x/vuln/cmd/govulncheck@$(VULNCHECK_VERSION))
$(ACTIONLINT):
	$(call install,actionlint,github.com/rhysd/actionlint/cmd/actionlint@$(ACTIONLINT_VERSION))
$(LICENSES):
	$(call install,go-licenses,github.com/google/go-licenses@$(LICENSES_VERSION))
$(GORELEASER):
	$(call install,goreleaser,github.com/goreleaser/goreleaser/v2@$(GORELEASER_VERSION))
$(SYFT):
	$(call install,syft,github.com/anchore/syft/cmd/syft@$(SYFT_VERSION))
$(MAILPIT):
	$(call install,mailpit,github.com/axllent/mailpit@$(MAILPIT_VERSION))
$(INBUCKET):
	$(call install,inbucket,github.com/inbucket/inbucket/v3/cmd/inbucket@$(INBUCKET_VERSION))
$(LINTDOC):
	$(call install,readme_linter,github.com/influxdata/telegraf/tools/readme_linter@$(TELEGRAF_VERSION))

