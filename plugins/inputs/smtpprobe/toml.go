package smtpprobe

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/influxdata/toml"
)

// The keys that the tables may have.
var (
	pluginKeys = keysOf(reflect.TypeFor[SMTPProbe]())
	relayKeys  = keysOf(reflect.TypeFor[Relay]())
	groupKeys  = keysOf(reflect.TypeFor[Group]())
)

// keysOf are the settings of a table and the fields that hold them.
func keysOf(table reflect.Type) map[string]string {
	keys := make(map[string]string, table.NumField())
	for _, field := range reflect.VisibleFields(table) {
		if key := field.Tag.Get("toml"); key != "" && key != "-" {
			keys[key] = field.Name
		}
	}
	return keys
}

// UnmarshalTOML names the setting that cannot be read; Telegraf's loader alone
// would name a field of a Go struct.
func (p *SMTPProbe) UnmarshalTOML(decode func(any) error) error {
	type plain SMTPProbe
	return namingSetting(decode((*plain)(p)), decode, pluginKeys)
}

// UnmarshalTOML refuses keys that Telegraf's loader would pass over in a
// sub-table, like interval and tags: they belong to a plugin.
func (r *Relay) UnmarshalTOML(decode func(any) error) error {
	type plain Relay
	if err := decode((*plain)(r)); err != nil {
		return namingSetting(err, decode, relayKeys)
	}
	return refuseForeignKeys(decode, "relay", relayKeys)
}

// UnmarshalTOML does for a group what it does for a relay.
func (g *Group) UnmarshalTOML(decode func(any) error) error {
	type plain Group
	if err := decode((*plain)(g)); err != nil {
		return namingSetting(err, decode, groupKeys)
	}
	return refuseForeignKeys(decode, "group", groupKeys)
}

// namingSetting puts a setting's name into the loader's error, which knows the
// field, or where a value should not be a table, neither.
func namingSetting(err error, decode func(any) error, keys map[string]string) error {
	var at *toml.LineError
	if !errors.As(err, &at) {
		return err
	}
	if at.StructField == "" {
		at.StructField = misplacedTable(decode, keys)
		return err
	}
	name := at.StructField[strings.LastIndexByte(at.StructField, '.')+1:]
	for key, field := range keys {
		if field == name {
			at.StructField = key
		}
	}
	return err
}

// misplacedTable is the setting that is a table and must not be one.
func misplacedTable(decode func(any) error, keys map[string]string) string {
	var found map[string]any
	if decode(&found) != nil {
		return ""
	}
	for key, value := range found {
		if _, misplaced := value.(map[string]any); misplaced && keys[key] != "" {
			return key
		}
	}
	return ""
}

func refuseForeignKeys(decode func(any) error, name string, known map[string]string) error {
	var found map[string]any
	if err := decode(&found); err != nil {
		return err
	}
	for key := range found {
		if known[key] == "" {
			return fmt.Errorf("unknown setting %q of a %s", key, name)
		}
	}
	return nil
}
