package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const mit = `MIT License

Copyright (c) 2026 Somebody

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
`

func TestTheTableOfLicencesIsUpToDate(t *testing.T) {
	t.Parallel()
	texts := filepath.Join(t.TempDir(), "texts")
	require.NoError(t, run([]string{"-check", filepath.Join("..", "..", "docs", "licenses.md"), "-texts", texts}))
	all, err := os.ReadFile(texts)
	require.NoError(t, err)
	for _, text := range []string{"The Go Authors", "github.com/influxdata/telegraf", "Apache License"} {
		require.Contains(t, string(all), text)
	}
}

func TestAnOutdatedTableOfLicencesIsAnError(t *testing.T) {
	t.Parallel()
	table := filepath.Join(t.TempDir(), "licenses.md")
	modules := []module{{path: "example.org/m", licenses: []string{"MIT"}}}
	require.NoError(t, os.WriteFile(table, renderTable(modules), 0o600))
	require.NoError(t, compare(table, renderTable(modules)))
	modules[0].licenses = []string{"ISC"}
	require.ErrorContains(t, compare(table, renderTable(modules)), "out of date")
}

func TestThePlatformsAreThoseOfTheRelease(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile(filepath.Join("..", "release.mk"))
	require.NoError(t, err)
	found := regexp.MustCompile(`(?m)^PLATFORMS *:= *(.*)$`).FindSubmatch(makefile)
	require.NotNil(t, found)
	require.Equal(t, platforms, strings.Fields(string(found[1])))
}

func TestAModuleIsIdentifiedByTheTextsOfItsFiles(t *testing.T) {
	t.Parallel()
	gpl := "This program is free software: you can redistribute it and/or modify\nit under the terms of the GNU General Public License as published by\n" +
		"the Free Software Foundation, either version 3 of the License, or\n(at your option) any later version.\n"
	for name, test := range map[string]struct {
		files   map[string]string
		want    []string
		problem string
	}{
		"a licence":                       {files: map[string]string{"LICENSE": mit}, want: []string{"MIT"}},
		"a licence and a notice":          {files: map[string]string{"LICENSE": mit, "NOTICE.txt": "by Somebody"}, want: []string{"MIT"}},
		"a licence in a package":          {files: map[string]string{"COPYING": mit, "sub/LICENSE.md": mit}, want: []string{"MIT"}},
		"no licence":                      {files: map[string]string{"README": mit}, problem: "has no licence"},
		"a notice alone":                  {files: map[string]string{"NOTICE": mit}, problem: "has no licence"},
		"a text that is no licence":       {files: map[string]string{"LICENSE": "Do as you like."}, problem: "not the text of a known licence"},
		"a licence that is not accepted":  {files: map[string]string{"LICENSE": gpl}, problem: "not among those accepted"},
		"an unknown one beside a known":   {files: map[string]string{"LICENSE": mit, "LICENSE.more": "Send me a card."}, problem: "LICENSE.more"},
		"one of a package not accepted":   {files: map[string]string{"LICENSE": mit, "sub/LICENSE": gpl}, problem: "sub/LICENSE"},
		"one of a package not linked now": {files: map[string]string{"LICENSE": mit, "sub/more/LICENSE": gpl}, want: []string{"MIT"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			require.NoError(t, os.MkdirAll(filepath.Join(root, "sub", "more"), 0o750))
			for file, text := range test.files {
				require.NoError(t, os.WriteFile(filepath.Join(root, filepath.FromSlash(file)), []byte(text), 0o600))
			}
			m := module{path: "example.org/m", version: "v1.0.0"}
			require.NoError(t, m.addFiles(root, filepath.Join(root, "sub")))
			err := m.identify()
			if test.problem != "" {
				require.ErrorContains(t, err, test.problem)
				require.ErrorContains(t, err, "example.org/m v1.0.0")
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.want, m.licenses)
		})
	}
}
