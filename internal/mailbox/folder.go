package mailbox

import (
	"slices"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailflow"
)

// Folder is a folder to look into.
type Folder struct {
	Name string
	// Optional is set for a folder that need not exist. If another folder is
	// missing, the look is incomplete and no message is lost.
	Optional bool

	kind mailflow.Folder
}

// DefaultFolders returns the folders of a mailbox that configures none.
func DefaultFolders() []Folder { return []Folder{{Name: "INBOX"}, {Name: "Junk", Optional: true}} }

// NewFolders returns the folders with these names. All but Junk must exist:
// servers use other names for it, and report them (RFC 6154). Without names it
// returns DefaultFolders.
func NewFolders(names []string) []Folder {
	if len(names) == 0 {
		return DefaultFolders()
	}
	folders := make([]Folder, len(names))
	for i, name := range names {
		folders[i] = Folder{Name: name, Optional: i > 0 && name == "Junk"}
	}
	return folders
}

// kinds returns a copy of the folders whose kinds are set: the first is the
// inbox.
func kinds(folders []Folder) []Folder {
	folders = slices.Clone(folders)
	for i := range folders {
		f := &folders[i]
		switch {
		case i == 0:
			f.kind = mailflow.FolderInbox
		case junkNames[strings.ToLower(f.Name[strings.LastIndexAny(f.Name, "/.")+1:])]:
			f.kind = mailflow.FolderJunk
		default:
			f.kind = mailflow.FolderOther
		}
	}
	return folders
}

// junkNames are the usual names of the folder for spam, if the server does not
// report its use (RFC 6154).
var junkNames = map[string]bool{
	"junk": true, "spam": true, "junk e-mail": true, "junk email": true, "bulk mail": true,
}
