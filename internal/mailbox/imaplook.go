package mailbox

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailflow"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

const (
	junk       = mailflow.FolderJunk
	maxFolders = 50
	fetchBatch = 50 // messages of one FETCH
)

var (
	headerSection = &imap.FetchItemBodySection{
		Specifier: imap.PartSpecifierHeader, Peek: true, Partial: &imap.SectionPartial{Size: mailflow.MaxHeader},
	}
	wholeSection = &imap.FetchItemBodySection{
		Peek: true, Partial: &imap.SectionPartial{Size: mailflow.MaxReport},
	}
)

// positions records how far each folder has been read.
type positions map[string]folderPosition

// folderPosition is the last UID that was read. It is valid as long as the
// folder's UIDVALIDITY is the same (RFC 9051 §2.3.1.1).
type folderPosition struct {
	Validity uint32   `json:"uidvalidity"`
	UID      imap.UID `json:"uid"`
}

func readPositions(data []byte) positions {
	p := make(positions)
	if json.Unmarshal(data, &p) != nil || p == nil {
		return make(positions) // begins again, which settles nothing twice
	}
	return p
}

func (p positions) encode() []byte {
	data, err := json.Marshal(p)
	if err != nil {
		return nil
	}
	return data
}

// look reads every folder, even if one of them cannot be read.
func (s *imapSession) look(ctx context.Context, v *Visit) error {
	p := readPositions(v.Position())
	folders, first := s.folders(ctx)
	for _, f := range folders {
		data, err := s.client.Select(f.Name, &imap.SelectOptions{ReadOnly: !s.box.Delete}).Wait()
		if err == nil {
			err = (&folderLook{imapSession: s, visit: v, folder: f, positions: p}).read(ctx, data)
			if err != nil {
				return err
			}
			continue
		}
		if s.conn.failure() != nil || ctx.Err() != nil || s.client.State() == imap.ConnStateLogout {
			return s.classify(ctx, smtperr.PhaseMailbox, err)
		}
		if first == nil && !(f.Optional && s.missing(f.Name, err)) {
			first = s.classify(ctx, smtperr.PhaseMailbox, err)
		}
	}
	return first
}

// folderLook reads one folder.
type folderLook struct {
	*imapSession
	visit     *Visit
	folder    Folder
	positions positions

	ours []imap.UID // passed to the visit and not settled yet
}

// read reads the messages above the position, up to the UIDNEXT of the
// selection.
func (l *folderLook) read(ctx context.Context, selected *imap.SelectData) error {
	last := l.positions[l.folder.Name]
	criteria := &imap.SearchCriteria{}
	if last.Validity != selected.UIDValidity || last.UID == 0 {
		last = folderPosition{Validity: selected.UIDValidity}
		// SINCE uses the date in the server's time zone, which is unknown.
		criteria.Since = l.visit.Since().Add(-24 * time.Hour)
	}
	end := selected.UIDNext - 1 // the highest number if the server sends no UIDNEXT
	if selected.NumMessages == 0 || end <= last.UID {
		if selected.UIDNext != 0 {
			last.UID = end
		}
		return l.settle(ctx, last)
	}
	criteria.UID = []imap.UIDSet{{{Start: last.UID + 1, Stop: end}}}
	found, err := l.client.UIDSearch(criteria, nil).Wait()
	if err != nil {
		return l.classify(ctx, smtperr.PhaseMailbox, err)
	}
	uids, cut := upTo(found.All, last.UID, end, l.visit.Left())
	if cut {
		l.visit.Cut()
	}
	for len(uids) > 0 {
		batch := uids[:min(len(uids), fetchBatch)]
		uids = uids[len(batch):]
		if err := l.fetch(batch); err != nil {
			// The messages are settled; they are read again and deleted later.
			l.visit.Settle(nil)
			return l.classify(ctx, smtperr.PhaseMailbox, err)
		}
		last.UID = batch[len(batch)-1]
		// Settle each batch separately, so that each look at a slow server
		// makes progress.
		if err := l.settle(ctx, last); err != nil {
			return err
		}
		if len(uids) > 0 && l.visit.Ends() {
			l.visit.Cut()
			return nil
		}
	}
	if !cut && selected.UIDNext != 0 {
		last.UID = end
	}
	return l.settle(ctx, last)
}

// upTo returns the first numbers of a set that are above one and up to another,
// and whether there are more.
func upTo(set imap.NumSet, above, end imap.UID, most int) (uids []imap.UID, more bool) {
	ranges, _ := set.(imap.UIDSet)
	for _, r := range ranges {
		if r.Stop == 0 || r.Stop > end {
			r.Stop = end
		}
		for uid := max(r.Start, above+1); uid <= r.Stop && uid != 0; uid++ {
			if len(uids) >= most {
				return uids, true
			}
			uids = append(uids, uid)
		}
	}
	return uids, false
}

// fetch passes one batch of messages to the visit.
func (l *folderLook) fetch(batch []imap.UID) error {
	type undecided struct {
		uid    imap.UID
		origin mailflow.Origin
	}
	var reports []undecided
	err := l.each(batch, headerSection, mailflow.MaxHeader, func(uid imap.UID, at time.Time, header []byte) {
		o := mailflow.Origin{Folder: l.folder.kind, Arrived: at}
		switch l.visit.Header(header, o) {
		case mailflow.Ours:
			l.ours = append(l.ours, uid)
		case mailflow.Undecided:
			reports = append(reports, undecided{uid, o})
		}
	})
	if err != nil {
		return err
	}
	for _, r := range reports {
		err := l.each([]imap.UID{r.uid}, wholeSection, mailflow.MaxReport, func(uid imap.UID, _ time.Time, message []byte) {
			if l.visit.Report(message, r.origin) {
				l.ours = append(l.ours, uid)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// each fetches one section of some messages, at most so many bytes of each.
func (l *folderLook) each(uids []imap.UID, section *imap.FetchItemBodySection, most int64,
	show func(uid imap.UID, at time.Time, content []byte)) error {
	cmd := l.client.Fetch(imap.UIDSetNum(uids...), &imap.FetchOptions{
		UID: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{section},
	})
	for message := cmd.Next(); message != nil; message = cmd.Next() {
		var (
			uid     imap.UID
			at      time.Time
			content []byte
			err     error
		)
		for item := message.Next(); item != nil; item = message.Next() {
			switch item := item.(type) {
			case imapclient.FetchItemDataUID:
				uid = item.UID
			case imapclient.FetchItemDataInternalDate:
				at = item.Time
			case imapclient.FetchItemDataBodySection:
				if item.Literal != nil && content == nil {
					content, err = io.ReadAll(io.LimitReader(item.Literal, most))
				}
			}
		}
		if err == nil && uid != 0 {
			show(uid, at, content)
		}
	}
	return cmd.Close()
}

// settle settles the messages, deletes those that may be deleted, and only
// then moves the position: a message that could not be settled on disk or
// deleted is read again.
func (l *folderLook) settle(ctx context.Context, last folderPosition) error {
	ours, deletable := l.ours, l.visit.Settle(nil)
	l.ours = nil
	if l.visit.store != nil {
		return nil //nolint:nilerr // the visit reports it
	}
	if l.box.Delete {
		var set imap.UIDSet
		for i, uid := range ours {
			if deletable[i] {
				set.AddNum(uid)
			}
		}
		if err := l.delete(set); err != nil {
			return l.classify(ctx, smtperr.PhaseMailbox, err)
		}
	}
	l.positions[l.folder.Name] = last
	l.visit.Settle(l.positions.encode())
	return nil
}

// delete removes these messages only: UID EXPUNGE (RFC 4315 §2.1) does not
// remove messages that other clients have marked.
func (l *folderLook) delete(set imap.UIDSet) error {
	if len(set) == 0 {
		return nil
	}
	mark := &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{imap.FlagDeleted}}
	if err := l.client.Store(set, mark, nil).Close(); err != nil {
		return err
	}
	if !l.client.Caps().Has(imap.CapUIDPlus) {
		l.box.warnNoUIDPlus()
		return nil
	}
	return l.client.UIDExpunge(set).Close()
}
