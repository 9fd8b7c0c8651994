package mailbox

import (
	"context"
	"errors"
	"slices"

	"github.com/emersion/go-imap/v2"

	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// folders returns the configured folders and those that the server marks as junk
// (RFC 6154). If the server cannot list its junk folders, the configured ones are
// returned with the error: the scan is not complete then.
func (s *imapSession) folders(ctx context.Context) ([]Folder, error) {
	folders := kinds(s.box.Folders)
	caps := s.client.Caps()
	if !caps.Has(imap.CapSpecialUse) {
		return folders, nil
	}
	names, err := s.junkFolders(caps)
	if err != nil {
		return folders, s.classify(ctx, smtperr.PhaseMailbox, err)
	}
	return withJunk(folders, names), nil
}

// junkFolders lists the folders that the server marks as junk. Without
// LIST-EXTENDED the attributes are part of the plain LIST (RFC 6154 §2).
func (s *imapSession) junkFolders(caps imap.CapSet) ([]string, error) {
	var options *imap.ListOptions
	if caps.Has(imap.CapListExtended) {
		options = &imap.ListOptions{SelectSpecialUse: true}
	}
	list := s.client.List("", "*", options)
	var names []string
	for data := list.Next(); data != nil; data = list.Next() {
		if slices.Contains(data.Attrs, imap.MailboxAttrJunk) && selectable(data) && len(names) < maxFolders {
			names = append(names, data.Mailbox)
		}
	}
	return names, list.Close()
}

func selectable(data *imap.ListData) bool {
	return !slices.Contains(data.Attrs, imap.MailboxAttrNonExistent) && !slices.Contains(data.Attrs, imap.MailboxAttrNoSelect)
}

// withJunk adds junk folders to the configured ones. The inbox stays the inbox.
func withJunk(folders []Folder, names []string) []Folder {
	for _, name := range names {
		i := slices.IndexFunc(folders, func(f Folder) bool { return f.Name == name })
		switch {
		case i > 0:
			folders[i].kind, folders[i].Optional = junk, false
		case i < 0 && len(folders) < maxFolders:
			folders = append(folders, Folder{Name: name, kind: junk})
		}
	}
	return folders
}

// missing reports whether a folder that could not be selected does not exist. A
// folder that exists but cannot be read may contain messages.
func (s *imapSession) missing(name string, err error) bool {
	refused, ok := errors.AsType[*imap.Error](err)
	switch {
	case !ok:
		return false
	case refused.Code == imap.ResponseCodeNonExistent, refused.Code == imap.ResponseCodeTryCreate:
		return true
	}
	list := s.client.List("", name, nil)
	found := false
	for data := list.Next(); data != nil; data = list.Next() {
		found = found || selectable(data)
	}
	return list.Close() == nil && !found
}
