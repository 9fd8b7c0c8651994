package mailbox

import (
	"slices"
	"strings"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailflow"
)

// Folder is a folder of a mailbox.
type Folder struct {
	Name string
	// Optional is true if the folder need not exist. If another folder does not
	// exist, the scan fails.
	Optional bool

	kind mailflow.Folder
}

// DefaultFolders returns the folders of a mailbox without configured folders.
func DefaultFolders() []Folder { return []Folder{{Name: "INBOX"}, {Name: "Junk", Optional: true}} }

// NewFolders returns folders with these names, or DefaultFolders if there are no
// names. Junk is optional, because many servers use another name and report it (RFC
// 6154).
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

// kinds returns a copy of the folders with their kinds. The first is the inbox.
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

// junkNames are common names of the folder for spam, in lower case, for servers that
// do not report special uses (RFC 6154).
var junkNames = map[string]bool{
	"junk": true, "spam": true, "junk e-mail": true, "junk email": true, "bulk mail": true,
}
