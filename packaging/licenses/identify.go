package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"

	"github.com/google/licensecheck"
)

// accepted are the licences that let a program under the MIT licence hold the
// module, for no more than their text and notices.
var accepted = []string{"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"}

// mostly is how much of a file, in percent, must be known text of licences. The
// rest are names of authors.
const mostly = 75

// noticeName is what files are called that come with a licence and are none.
var noticeName = regexp.MustCompile(`(?i)(^|/)(notice|copyright)([-._].*)?$`)

// identify tells the module's licences by its files' texts.
func (m *module) identify() error {
	for _, f := range m.files {
		if noticeName.MatchString(f.name) {
			continue
		}
		text, err := os.ReadFile(f.path)
		if err != nil {
			return err
		}
		names, err := namesOf(text)
		if err != nil {
			return fmt.Errorf("%s %s: %s: %w", m.path, m.version, f.name, err)
		}
		m.licenses = append(m.licenses, names...)
	}
	if len(m.licenses) == 0 {
		return fmt.Errorf("%s %s has no licence", m.path, m.version)
	}
	slices.Sort(m.licenses)
	m.licenses = slices.Compact(m.licenses)
	return nil
}

// namesOf are the licences that a text consists of.
func namesOf(text []byte) ([]string, error) {
	coverage := licensecheck.Scan(text)
	if coverage.Percent < mostly {
		return nil, fmt.Errorf("not the text of a known licence (%.0f %% of it are)", coverage.Percent)
	}
	names := make([]string, 0, len(coverage.Match))
	for _, match := range coverage.Match {
		if !slices.Contains(accepted, match.ID) {
			return nil, fmt.Errorf("licence %s is not among those accepted: %v", match.ID, accepted)
		}
		names = append(names, match.ID)
	}
	return names, nil
}
