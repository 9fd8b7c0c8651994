# A release: for each platform an archive and a bill of materials, for Linux
# packages too, and the checksums of all. The same commit gives the same bytes,
# wherever it is built with the same version of Go: "make reproduce" shows it.

NFPM_VERSION := v2.45.2
SYFT_VERSION := v1.44.0
PLATFORMS := linux-amd64 linux-arm64 linux-armv7 darwin-amd64 darwin-arm64 windows-amd64 freebsd-amd64

NFPM := $(BIN)/.nfpm-$(NFPM_VERSION)
SYFT := $(BIN)/.syft-$(SYFT_VERSION)

DIST ?= dist
# What goes into archives and packages, before it does.
STAGE := $(DIST)/.stage

# The time of every file in a release.
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct)

# v1.2.3 is 1.2.3; v1.2.3-rc.1 sorts before it, three commits later after it.
# What has no version yet sorts before everything.
NUMBER := $(shell echo '$(VERSION)' | sed -E \
	-e 's/^v([0-9])/\1/' -e 't version' -e 's/^/0.0.0-/' -e ':version' -e 's/-([0-9]+)-g/+\1.g/' -e 's/-/~/g')

# Files of the checkout that archives and packages hold, where links between
# them still lead.
DOCUMENTS := README.md CHANGELOG.md LICENSE $(wildcard docs/*.md) plugins/inputs/smtpprobe/README.md $(wildcard dashboards/*.json dashboards/alerts/*.yml dashboards/alerts/kapacitor/*.tick)

STAGED := $(addprefix $(STAGE)/,third-party-licenses.txt smtpprobe.1.gz)

.PHONY: release reproduce image $(PLATFORMS:%=release-%) $(PLATFORMS:%=packages-%)

release:
	rm -rf $(DIST)
	$(MAKE) $(PLATFORMS:%=release-%)
	rm -rf $(STAGE)
	cd $(DIST) && sha256sum -- smtpprobe* > SHA256SUMS

$(PLATFORMS:%=release-%): release-%: packages-% $(SYFT)
	$(call archive,$*)
	$(call bill,$*)

# The deb and the rpm, where there are such.
$(PLATFORMS:%=packages-%): packages-%: $(NFPM) $(STAGED)
	$(call build,$*,$(STAGE)/$*/smtpprobe)
	$(if $(filter linux-%,$*),$(call package,$*,deb)$(newline)$(call package,$*,rpm))

# $(call build,platform,file)
define build
GOOS=$(word 1,$(subst -, ,$(1))) GOARCH=$(patsubst armv7,arm,$(word 2,$(subst -, ,$(1)))) GOAMD64=v1 GOARM64=v8.0 GOARM=7 GOFLAGS= \
	CGO_ENABLED=0 go build $(BUILD_FLAGS) -o $(2) ./cmd/smtpprobe
endef

# $(call archive,platform)
define archive
go run ./packaging/archive -time $(SOURCE_DATE_EPOCH) -top smtpprobe_$(NUMBER)_$(1) -executable smtpprobe$(if $(filter windows-%,$(1)),.exe) \
	$(DIST)/smtpprobe_$(NUMBER)_$(1)$(if $(filter windows-%,$(1)),.zip,.tar.gz) \
	smtpprobe$(if $(filter windows-%,$(1)),.exe)=$(STAGE)/$(1)/smtpprobe \
	smtpprobe.conf=plugins/inputs/smtpprobe/sample.conf telegraf.conf=packaging/telegraf.conf \
	hardening.conf=packaging/hardening.conf smtpprobe.1=packaging/smtpprobe.1 \
	third-party-licenses.txt=$(STAGE)/third-party-licenses.txt $(foreach d,$(DOCUMENTS),$(d)=$(d))
endef

# $(call bill,platform): without what syft makes up anew each time, and without
# the name of the place. It reads what the linker wrote into the binary, and the
# licences from the module cache.
define bill
cd $(STAGE)/$(1) && SYFT_CHECK_FOR_APP_UPDATE=false SYFT_GOLANG_SEARCH_LOCAL_MOD_CACHE_LICENSES=true SYFT_FILE_METADATA_SELECTION=none \
	$(SYFT) scan -q dir:. --source-name smtpprobe --source-version '$(VERSION)' -o cyclonedx-json=../$(1).json
sed -E 's/"serialNumber":"[^"]*",//; s/"timestamp":"[^"]*",//' $(STAGE)/$(1).json > $(DIST)/smtpprobe_$(NUMBER)_$(1).cdx.json
endef

# $(call package,platform,deb or rpm)
define package
STAGE=$(STAGE) PLATFORM=$(1) ARCH=$(patsubst armv7,arm7,$(word 2,$(subst -, ,$(1)))) NUMBER='$(NUMBER)' SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) \
	$(NFPM) package --config packaging/nfpm.yaml --packager $(2) --target $(DIST)/ >$(STAGE)/nfpm.log 2>&1 || { cat $(STAGE)/nfpm.log; exit 1; }
endef

define newline


endef

$(STAGE)/third-party-licenses.txt: go.mod go.sum
	@mkdir -p $(@D)
	go run ./packaging/licenses -texts $@

$(STAGE)/smtpprobe.1.gz: packaging/smtpprobe.1
	@mkdir -p $(@D)
	gzip -9 -n -c $< > $@

# Twice, in two places, without anything built before.
reproduce: $(NFPM) $(SYFT)
	packaging/reproduce.sh 'VERSION=$(VERSION)' 'PLATFORMS=$(PLATFORMS)' 'SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH)' 'BIN=$(BIN)'

# Telegraf and the plugin together, for this machine's architecture; needs podman
# or docker.
ENGINE ?= $(firstword $(shell command -v podman docker 2>/dev/null) podman)
IMAGE  := $(STAGE)/image
IMAGE_ARCH ?= $(patsubst arm,armv7,$(shell go env GOARCH))

image:
	rm -rf $(IMAGE)
	$(call build,linux-$(IMAGE_ARCH),$(IMAGE)/smtpprobe)
	cp packaging/Containerfile packaging/telegraf.conf plugins/inputs/smtpprobe/sample.conf $(IMAGE)
	$(ENGINE) build -f $(IMAGE)/Containerfile --build-arg TELEGRAF_VERSION=$(TELEGRAF_VERSION:v%=%) -t smtpprobe:$(VERSION) $(IMAGE)
	rm -rf $(IMAGE)

$(NFPM):
	$(call install,nfpm,github.com/goreleaser/nfpm/v2/cmd/nfpm@$(NFPM_VERSION))

$(SYFT):
	$(call install,syft,github.com/anchore/syft/cmd/syft@$(SYFT_VERSION))
