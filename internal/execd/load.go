package execd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/influxdata/telegraf"
	"github.com/influxdata/telegraf/config"
	"github.com/influxdata/telegraf/models"
	// All secret stores except those of cloud services.
	_ "github.com/influxdata/telegraf/plugins/secretstores/docker"
	_ "github.com/influxdata/telegraf/plugins/secretstores/http"
	_ "github.com/influxdata/telegraf/plugins/secretstores/jose"
	_ "github.com/influxdata/telegraf/plugins/secretstores/os"
	_ "github.com/influxdata/telegraf/plugins/secretstores/systemd"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/console"
)

// Load reads a configuration with Telegraf's own loader and initializes its
// inputs: environment variables within strings are replaced, and secrets are
// linked to their stores. Unknown keys, plugins other than inputs.smtpprobe and
// settings that have no effect in this program are errors. Warnings of the
// loader are written to stderr if the configuration is valid.
func Load(ctx context.Context, path string, nonStrictEnv bool, stderr io.Writer) ([]*models.RunningInput, error) {
	log, err := newLog(stderr, telegraf.Warn)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	inputs, err := loadWithin(ctx, path, nonStrictEnv)
	if err != nil {
		return nil, err
	}
	log.loaded(inputs)
	return inputs, nil
}

// loadWithin loads a configuration, but does not wait for it longer than the
// context lasts: reading a FIFO or a URL may block.
func loadWithin(ctx context.Context, path string, nonStrictEnv bool) ([]*models.RunningInput, error) {
	inputs, err := console.Await(ctx, func() ([]*models.RunningInput, error) { return loadAll(path, nonStrictEnv) })
	if err != nil && ctx.Err() != nil {
		return nil, fmt.Errorf("reading %s: %w", console.Redact(path), err)
	}
	return inputs, err
}

func loadAll(path string, nonStrictEnv bool) ([]*models.RunningInput, error) {
	loaded := saveMemory()
	defer loaded()
	config.NonStrictEnvVarHandling = nonStrictEnv
	c := config.NewConfig()
	c.Agent.Quiet = true        // do not log the name of the file
	c.Agent.OmitHostname = true // the Telegraf that runs this program adds its host
	unset := *c.Agent
	if err := c.LoadAll(path); err != nil {
		if errors.Is(err, fs.ErrPermission) {
			return nil, fmt.Errorf("%w (it is readable by the user of Telegraf: sudo -u telegraf smtpprobe ...)", err)
		}
		if strings.Contains(err.Error(), "undefined but requested") {
			return nil, fmt.Errorf("%w: this file is for [[inputs.smtpprobe]], [[secretstores]] and [global_tags], others are for Telegraf's own", err)
		}
		return nil, err
	}
	unset.SnmpTranslator = c.Agent.SnmpTranslator // the loader sets a default
	if *c.Agent != unset {
		return nil, fmt.Errorf("%s: [agent] settings have no effect here, they belong to the Telegraf that runs this program", path)
	}
	if len(c.Inputs) == 0 {
		return nil, fmt.Errorf("%s: it has no [[inputs.smtpprobe]]", path)
	}
	for _, in := range c.Inputs {
		if err := initialize(in); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", path, in.LogName(), err)
		}
		in.SetDefaultTags(c.Tags)
	}
	return c.Inputs, nil
}

// initialize refuses settings that have no effect and initializes the input.
func initialize(in *models.RunningInput) error {
	switch {
	case in.Config.CollectionJitter != 0:
		return errors.New("collection_jitter has no effect here: set it on inputs.execd, or spread the probes with spread")
	case in.Config.CollectionOffset != 0:
		return errors.New("collection_offset has no effect here: set it on inputs.execd")
	case in.Config.Interval < 0:
		return fmt.Errorf("interval %s must not be negative", in.Config.Interval)
	case in.Config.Precision < 0:
		return fmt.Errorf("precision %s must not be negative", in.Config.Precision)
	}
	if level := in.Config.LogLevel; level != "" && telegraf.LogLevelFromString(level) == telegraf.None {
		return fmt.Errorf("invalid log_level %q: must be one of error, warn, info, debug, trace", level)
	}
	return in.Init()
}

// precision returns the precision of the timestamps of an input.
func precision(in *models.RunningInput) time.Duration {
	if in.Config.Precision > 0 {
		return in.Config.Precision
	}
	return time.Nanosecond
}

// secretPages is the number of locked pages of memory that secrets may need: one
// or two for each secret that is being read.
const secretPages = 64

// ProtectSecrets makes Telegraf keep secrets in locked memory, which is never
// swapped to disk, and reports whether that is possible. If it is not, Telegraf
// would wait for locked memory forever, so the protection is disabled.
func ProtectSecrets() bool {
	if !lockable(secretPages) {
		config.DisableSecretProtection()
		return false
	}
	config.EnableSecretProtection()
	return true
}
