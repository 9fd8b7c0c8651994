package smtpprobe

import (
	"reflect"
	"strings"
	"testing"

	"github.com/influxdata/telegraf/config"
	"github.com/stretchr/testify/require"
)

func TestTOML_WrongType(t *testing.T) {
	const plugin = "[[inputs.smtpprobe]]\n"
	const server = plugin + `servers = ["smtp://a.example"]` + "\n"
	const relay = plugin + "[[inputs.smtpprobe.relay]]\n"
	for text, expected := range map[string]string{
		plugin + `servers = "smtp://a.example"`:                                `line 2: (servers) cannot unmarshal TOML string into []string`,
		server + `max_concurrent = "many"`:                                     `line 3: (max_concurrent) cannot unmarshal TOML string into int`,
		server + `read_timeout = "soon"`:                                       `line 3: (read_timeout) time: invalid duration "soon"`,
		server + `send_interval = [1]`:                                         `line 3: (send_interval) cannot unmarshal TOML array into config.Duration`,
		server + `auth_cleartext = "yes"`:                                      `line 3: (auth_cleartext) cannot unmarshal TOML string into bool`,
		server + `tls_server_name = 5`:                                         `line 3: (tls_server_name) cannot unmarshal TOML integer into string`,
		server + `state_file = {a = 1}`:                                        `line 3: (state_file) cannot unmarshal TOML table into string (need struct or map)`,
		server + `dns_server = {a = 1}`:                                        `line 3: (dns_server) cannot unmarshal TOML table into string (need struct or map)`,
		plugin + "[inputs.smtpprobe.relay]\nurl = \"smtp://a.example\"":        `line 2: (relay) cannot unmarshal TOML table into []*smtpprobe.Relay (need struct or map)`,
		relay + `to = "a@b.example"`:                                           `line 1: relay 1: invalid to: cannot unmarshal TOML string into []string`,
		relay + `connect_timeout = "x"`:                                        `line 1: relay 1: invalid connect_timeout: time: invalid duration "x"`,
		relay + `source_address = {}`:                                          `line 1: relay 1: invalid source_address: line 3: cannot unmarshal TOML table into string (need struct or map)`,
		server + "[[inputs.smtpprobe.group]]\nrelays = \"smtp://a.example\"\n": `line 3: group "": invalid relays: cannot unmarshal TOML string into []string`,
	} {
		t.Run(text, func(t *testing.T) {
			_, err := load(t, text)
			require.ErrorContains(t, err, expected)
			require.True(t, strings.HasSuffix(err.Error(), expected), err)
		})
	}
}

// TestTOML_RelayKeys compares relayKeys with the fields of Settings: each field has a
// key that decodes to it.
func TestTOML_RelayKeys(t *testing.T) {
	keys := map[string]bool{"name": true, "url": true}
	r := &Relay{Settings: new(Settings)}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Settings]()) {
		key := field.Tag.Get("toml")
		if key == "" {
			continue
		}
		keys[key] = true
		require.Contains(t, relayKeys, key)
		to := reflect.ValueOf(relayKeys[key].to(r))
		at := reflect.ValueOf(r.Settings).Elem().FieldByIndex(field.Index)
		if field.Type == reflect.TypeFor[*config.Secret]() {
			require.Equal(t, at.Pointer(), to.Pointer(), key)
		} else {
			require.Equal(t, at.Addr().Pointer(), to.Pointer(), key)
		}
		require.Equal(t, reflect.TypeFor[Credentials]() == typeOfBlock(field), relayKeys[key].block == credentials, key)
		require.Equal(t, reflect.TypeFor[ClientCertificate]() == typeOfBlock(field), relayKeys[key].block == certificate, key)
	}
	for key := range relayKeys {
		require.True(t, keys[key], key)
	}
}

// typeOfBlock returns the type of the embedded struct that has a field of Settings, nil
// if Settings itself has the field.
func typeOfBlock(field reflect.StructField) reflect.Type {
	if len(field.Index) == 1 {
		return nil
	}
	return reflect.TypeFor[Settings]().Field(field.Index[0]).Type
}
