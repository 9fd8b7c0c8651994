package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// platforms are those of a release; packaging/release.mk has them too.
var platforms = []string{
	"linux-amd64", "linux-arm64", "linux-armv7", "darwin-amd64", "darwin-arm64", "windows-amd64", "freebsd-amd64",
}

// module is one that the program is linked from.
type module struct {
	path, version string
	files         []licenseFile
	licenses      []string // SPDX identifiers, sorted; see identify
}

// licenseFile is a file that must go along with the program.
type licenseFile struct {
	name string // within the module
	path string
}

// licenseName is what such files are called.
var licenseName = regexp.MustCompile(`(?i)^(licen[sc]e|copying|notice|copyright)([-._].*)?$`)

// linkedPackage is what go list tells of a package.
type linkedPackage struct {
	Dir    string
	Module *struct {
		Path, Version, Dir string
		Main               bool
	}
}

// linkedModules are the modules of all packages that a program is linked from
// on any platform, the standard library the first.
func linkedModules(program string) ([]module, error) {
	library, err := standardLibrary()
	if err != nil {
		return nil, err
	}
	found := make(map[string]*module)
	for _, platform := range platforms {
		packages, err := listPackages(program, platform)
		if err != nil {
			return nil, err
		}
		for _, p := range packages {
			if p.Module == nil || p.Module.Main {
				continue
			}
			m := found[p.Module.Path]
			if m == nil {
				m = &module{path: p.Module.Path, version: p.Module.Version}
				found[m.path] = m
			}
			if err := m.addFiles(p.Module.Dir, p.Dir); err != nil {
				return nil, err
			}
		}
	}
	modules := append(make([]module, 0, 1+len(found)), library)
	for _, m := range found {
		slices.SortFunc(m.files, func(a, b licenseFile) int { return strings.Compare(a.name, b.name) })
		modules = append(modules, *m)
	}
	slices.SortFunc(modules[1:], func(a, b module) int { return strings.Compare(a.path, b.path) })
	return modules, nil
}

func listPackages(program, platform string) ([]linkedPackage, error) {
	system, architecture, _ := strings.Cut(platform, "-")
	if architecture == "armv7" {
		architecture = "arm"
	}
	cmd := exec.Command("go", "list", "-deps", "-json=Dir,Module", program)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system, "GOARCH="+architecture)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list for %s: %w: %s", platform, err, &complaint)
	}
	var packages []linkedPackage
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p linkedPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, err
		}
		packages = append(packages, p)
	}
}

// addFiles adds the files of a package's directory and those above it, up to
// the module's.
func (m *module) addFiles(root, dir string) error {
	for {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if !e.Type().IsRegular() || !licenseName.MatchString(e.Name()) {
				continue
			}
			file := filepath.Join(dir, e.Name())
			name, err := filepath.Rel(root, file)
			if err != nil {
				return err
			}
			added := licenseFile{name: filepath.ToSlash(name), path: file}
			if !slices.Contains(m.files, added) {
				m.files = append(m.files, added)
			}
		}
		if dir == root {
			return nil
		}
		dir = filepath.Dir(dir)
	}
}

// standardLibrary is linked into every Go program.
func standardLibrary() (module, error) {
	out, err := exec.Command("go", "env", "GOROOT", "GOVERSION").Output()
	if err != nil {
		return module{}, fmt.Errorf("go env: %w", err)
	}
	root, version, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	m := module{path: "the Go standard library", version: cmp.Or(strings.TrimSpace(version), "go")}
	root = strings.TrimSpace(root)
	err = m.addFiles(root, root)
	return m, err
}
