package mailbox

import (
	"cmp"
	"context"
	"encoding/json"
	"io"
	"slices"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailflow"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

const (
	junk       = mailflow.FolderJunk
	maxFolders = 50
	fetchBatch = 50 // messages per FETCH
)

var (
	headerSection = &imap.FetchItemBodySection{
		Specifier: imap.PartSpecifierHeader, Peek: true, Partial: &imap.SectionPartial{Size: mailflow.MaxHeader},
	}
	messageSection = &imap.FetchItemBodySection{
		Peek: true, Partial: &imap.SectionPartial{Size: mailflow.MaxReport},
	}
)

// positions are the positions of all folders, by name.
type positions map[string]folderPosition

// folderPosition is the last UID that was read. It is valid as long as the
// UIDVALIDITY of the folder is the same (RFC 9051 §2.3.1.1).
type folderPosition struct {
	Validity uint32   `json:"uidvalidity"`
	UID      imap.UID `json:"uid"`
}

func readPositions(data []byte) positions {
	p := make(positions)
	if json.Unmarshal(data, &p) != nil || p == nil {
		return make(positions) // messages that are read again keep their state
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

// scan reads all folders, even if one of them cannot be read.
func (s *imapSession) scan(ctx context.Context, scan *Scan) error {
	p := readPositions(scan.Position())
	folders, first := s.folders(ctx)
	for _, f := range folders {
		data, err := s.client.Select(f.Name, &imap.SelectOptions{ReadOnly: !s.box.Delete}).Wait()
		if err == nil {
			err = (&folderScan{imapSession: s, scan: scan, folder: f, positions: p}).read(ctx, data)
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

// folderScan is the scan of one folder.
type folderScan struct {
	*imapSession
	scan      *Scan
	folder    Folder
	positions positions

	ours []imap.UID // not settled yet
}

// read reads the messages after the position of the folder, up to UIDNEXT.
func (l *folderScan) read(ctx context.Context, selected *imap.SelectData) error {
	last := l.positions[l.folder.Name]
	criteria := &imap.SearchCriteria{}
	if last.Validity != selected.UIDValidity || last.UID == 0 {
		last = folderPosition{Validity: selected.UIDValidity}
		// SINCE compares dates in the time zone of the server, which is unknown.
		criteria.Since = l.scan.Since().Add(-24 * time.Hour)
	}
	end := selected.UIDNext - 1 // the maximum UID if the server sent no UIDNEXT
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
	uids, more := between(found.All, last.UID, end, l.scan.Remaining())
	if more {
		l.scan.SetIncomplete()
	}
	for len(uids) > 0 {
		batch := uids[:min(len(uids), fetchBatch)]
		uids = uids[len(batch):]
		if err := l.fetch(batch); err != nil {
			// The next scan reads the messages again and deletes them.
			l.scan.Settle(nil)
			return l.classify(ctx, smtperr.PhaseMailbox, err)
		}
		last.UID = batch[len(batch)-1]
		// Settle each batch, so that scans of a slow server make progress.
		if err := l.settle(ctx, last); err != nil {
			return err
		}
		if len(uids) > 0 && l.scan.TimeUp() {
			l.scan.SetIncomplete()
			return nil
		}
	}
	if !more && selected.UIDNext != 0 {
		last.UID = end
	}
	return l.settle(ctx, last)
}

// between returns at most limit UIDs of a set that are greater than after and not
// greater than end, in ascending order, and reports whether there are more.
func between(set imap.NumSet, after, end imap.UID, limit int) (uids []imap.UID, more bool) {
	unsorted, _ := set.(imap.UIDSet)
	ranges := slices.Clone(unsorted)
	slices.SortFunc(ranges, func(a, b imap.UIDRange) int { return cmp.Compare(a.Start, b.Start) })
	for _, r := range ranges {
		if r.Stop == 0 || r.Stop > end {
			r.Stop = end
		}
		for uid := max(r.Start, after+1); uid <= r.Stop && uid != 0; uid++ {
			if len(uids) >= limit {
				return uids, true
			}
			uids = append(uids, uid)
		}
	}
	return uids, false
}

// fetch reads a batch of messages.
func (l *folderScan) fetch(batch []imap.UID) error {
	type possibleReport struct {
		uid    imap.UID
		origin mailflow.Origin
	}
	var reports []possibleReport
	err := l.fetchEach(batch, headerSection, mailflow.MaxHeader, func(uid imap.UID, arrived time.Time, header []byte) {
		o := mailflow.Origin{Folder: l.folder.kind, Arrived: arrived}
		switch l.scan.Header(header, o) {
		case mailflow.Ours:
			l.ours = append(l.ours, uid)
		case mailflow.PossibleReport:
			reports = append(reports, possibleReport{uid, o})
		}
	})
	if err != nil {
		return err
	}
	for _, r := range reports {
		err := l.fetchEach([]imap.UID{r.uid}, messageSection, mailflow.MaxReport, func(uid imap.UID, _ time.Time, message []byte) {
			if l.scan.Report(message, r.origin) {
				l.ours = append(l.ours, uid)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// fetchEach fetches a section of messages and calls f for each message with at most
// limit bytes of the section. A message that the server does not return may have
// been moved to a folder that was read already, so the scan is incomplete.
func (l *folderScan) fetchEach(uids []imap.UID, section *imap.FetchItemBodySection, limit int64,
	f func(uid imap.UID, arrived time.Time, content []byte)) error {
	returned := 0
	cmd := l.client.Fetch(imap.UIDSetNum(uids...), &imap.FetchOptions{
		UID: true, InternalDate: true, BodySection: []*imap.FetchItemBodySection{section},
	})
	for message := cmd.Next(); message != nil; message = cmd.Next() {
		var (
			uid     imap.UID
			arrived time.Time
			content []byte
			err     error
		)
		for item := message.Next(); item != nil; item = message.Next() {
			switch item := item.(type) {
			case imapclient.FetchItemDataUID:
				uid = item.UID
			case imapclient.FetchItemDataInternalDate:
				arrived = item.Time
			case imapclient.FetchItemDataBodySection:
				if item.Literal != nil && content == nil {
					content, err = io.ReadAll(io.LimitReader(item.Literal, limit))
				}
			}
		}
		if err == nil && uid != 0 {
			returned++
			f(uid, arrived, content)
		}
	}
	if returned < len(uids) {
		l.scan.SetIncomplete()
	}
	return cmd.Close()
}

// settle settles the messages, deletes those that may be deleted, and only then
// moves the position, so that the next scan reads a message again that could not be
// settled or deleted.
func (l *folderScan) settle(ctx context.Context, last folderPosition) error {
	ours, deletable := l.ours, l.scan.Settle(nil)
	l.ours = nil
	if l.scan.store != nil {
		return nil //nolint:nilerr // it is in the result of the scan
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
	l.scan.Settle(l.positions.encode())
	return nil
}

// delete removes a set of messages. Unlike EXPUNGE, UID EXPUNGE (RFC 4315 §2.1)
// does not remove messages that other clients have marked as deleted.
func (l *folderScan) delete(set imap.UIDSet) error {
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
