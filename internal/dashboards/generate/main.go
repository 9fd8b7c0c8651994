// Command generate writes the dashboards. It runs in internal/dashboards, as
// go generate does.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/dashboards"
)

func main() {
	if err := write("../../dashboards"); err != nil {
		fmt.Fprintln(os.Stderr, "generating the dashboards:", err)
		os.Exit(1)
	}
}

func write(dir string) error {
	files, err := dashboards.Files()
	if err != nil {
		return err
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o640); err != nil {
			return err
		}
	}
	return nil
}
