# Telegraf with the plugin linked in, without inputs.execd.
#
# Telegraf's main package cannot be imported, so its files are copied from the module
# cache into a new module. The module's path is below Telegraf's, because the files
# import Telegraf's internal packages. Everything else comes from the released
# module.

# The other plugins of the build. "make telegraf-native NATIVE_TAGS=" includes all of
# Telegraf's, which takes long.
NATIVE_TAGS ?= custom,inputs.internal,outputs.file,outputs.influxdb,outputs.influxdb_v2,outputs.prometheus_client,processors.starlark,serializers.influx,$(NATIVE_STORES)
NATIVE_STORES := secretstores.docker,secretstores.http,secretstores.jose,secretstores.os,secretstores.systemd

NATIVE    := $(BIN)/.native
OUR_MODULE := github.com/smtpprobe/telegraf-smtpprobe

.PHONY: telegraf-native

telegraf-native: telegraf = $(shell go list -m -f '{{.Dir}}' github.com/influxdata/telegraf)
telegraf-native:
	rm -rf $(NATIVE)
	mkdir -p $(NATIVE)
	cp -r '$(telegraf)'/cmd/telegraf/* $(NATIVE)
	chmod -R u+w $(NATIVE)
	rm -f $(NATIVE)/*_test.go
	printf 'package main\n\nimport _ "$(OUR_MODULE)/plugins/inputs/smtpprobe"\n' > $(NATIVE)/smtpprobe.go
	cat '$(telegraf)'/go.sum go.sum > $(NATIVE)/go.sum
	cd $(NATIVE) && go mod init github.com/influxdata/telegraf/cmd/native
	cd $(NATIVE) && go mod edit -require=github.com/influxdata/telegraf@$(TELEGRAF_VERSION) \
		-require=$(OUR_MODULE)@v0.0.0 -replace='$(OUR_MODULE)=$(CURDIR)'
	cd $(NATIVE) && CGO_ENABLED=0 go build -mod=mod -trimpath -tags '$(NATIVE_TAGS)' \
		-ldflags '-s -w -X github.com/influxdata/telegraf/internal.Version=$(TELEGRAF_VERSION:v%=%)' -o $(BIN)/telegraf-native .
