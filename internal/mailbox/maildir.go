package mailbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/smtpprobe/telegraf-smtpprobe/internal/mailflow"
	"github.com/smtpprobe/telegraf-smtpprobe/smtpprobe/smtperr"
)

// Maildir is a mailbox in the file system. Its folders are those of Maildir++: INBOX
// is the directory itself, Junk the subdirectory .Junk.
type Maildir struct {
	Path    string
	Folders []Folder
	Delete  bool // remove settled messages

	// since is the time from which files are read.
	since time.Time
	// known contains the inodes of files that are not read again, by file name
	// without flags. After a restart all files are read again, which does not change
	// the state of messages.
	known map[string]uint64
}

// nameBatch is the number of directory entries that are read at once.
const nameBatch = 1000

// Source returns the path.
func (m *Maildir) Source() string { return m.Path }

// Close does nothing.
func (*Maildir) Close() error { return nil }

// Scan reads the files that did not exist in the last scan.
func (m *Maildir) Scan(ctx context.Context, scan *Scan) error {
	l := maildirScan{Maildir: m, scan: scan, present: make(map[string]uint64)}
	if m.known == nil {
		// The clock of a file server may differ.
		m.since = scan.Since().Add(-time.Minute)
	}
	var first error
	for _, f := range kinds(m.Folders) {
		err := l.folder(ctx, f)
		if err != nil && !(f.Optional && errors.Is(err, fs.ErrNotExist)) && first == nil {
			first = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	l.settle()
	if first == nil {
		first = l.err
	}
	if first != nil {
		maps.Copy(l.present, m.known) // keep the folders that were not read
	}
	m.known = l.present // without removed files
	return maildirError(first)
}

// maildirError classifies an error of the file system.
func maildirError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return smtperr.New(smtperr.ClassLocalError, smtperr.ReasonNotFound, smtperr.PhaseMailbox, err)
	case errors.Is(err, fs.ErrPermission):
		return smtperr.New(smtperr.ClassLocalError, smtperr.ReasonPermission, smtperr.PhaseMailbox, err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return classify(smtperr.PhaseMailbox, err)
	}
	return smtperr.New(smtperr.ClassLocalError, "", smtperr.PhaseMailbox, err)
}

// maildirScan is one scan.
type maildirScan struct {
	*Maildir
	scan    *Scan
	present map[string]uint64 // files that the next scan skips

	ours []file // not settled yet
	err  error  // the first file that cannot be read
}

// file is a message that was read.
type file struct {
	path string
	base string
	info fs.FileInfo
}

func (m *Maildir) directory(name string) (string, error) {
	if strings.EqualFold(name, "INBOX") || name == "" {
		return m.Path, nil
	}
	if strings.ContainsAny(name, "/\\\x00") || name[0] == '.' {
		return "", fmt.Errorf("the folder %q is not below the maildir", name)
	}
	return filepath.Join(m.Path, "."+name), nil
}

// folder reads a folder: new before cur, because messages are moved from new to cur.
func (l *maildirScan) folder(ctx context.Context, f Folder) error {
	dir, err := l.directory(f.Name)
	if err != nil {
		return err
	}
	for _, sub := range []string{"new", "cur"} {
		if err := l.list(ctx, filepath.Join(dir, sub), f.kind); err != nil {
			return err
		}
	}
	return nil
}

func (l *maildirScan) list(ctx context.Context, dir string, kind mailflow.Folder) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	for {
		batch, err := d.Readdirnames(nameBatch)
		for _, name := range batch {
			l.message(dir, name, kind)
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
	}
}

// message reads a new file.
func (l *maildirScan) message(dir, name string, kind mailflow.Folder) {
	if strings.HasPrefix(name, ".") {
		return
	}
	path := filepath.Join(dir, name)
	base, _, _ := strings.Cut(name, ":") // without flags, which may change
	info, err := os.Lstat(path)
	if err != nil {
		l.unread(err)
		return
	}
	if i, ok := l.known[base]; ok && i == inode(info) || !info.Mode().IsRegular() || info.ModTime().Before(l.since) {
		l.present[base] = inode(info)
		return
	}
	if l.scan.Remaining() <= 0 {
		l.scan.SetIncomplete()
		return
	}
	l.read(file{path: path, base: base}, kind)
}

// unread records that a file was not read. Usually it was moved or removed since it
// was listed; a file without read permission fails the scan.
func (l *maildirScan) unread(err error) {
	l.scan.SetIncomplete()
	if l.err == nil && errors.Is(err, fs.ErrPermission) {
		l.err = err
	}
}

func (l *maildirScan) read(f file, kind mailflow.Folder) {
	content, info, err := readFile(f.path, mailflow.MaxHeader)
	if err != nil {
		l.unread(err)
		return
	}
	f.info = info
	l.present[f.base] = inode(info)
	o := mailflow.Origin{Folder: kind, Arrived: info.ModTime()}
	switch l.scan.Header(content, o) {
	case mailflow.Ours:
		l.ours = append(l.ours, f)
	case mailflow.PossibleReport:
		message, again, err := readFile(f.path, mailflow.MaxReport)
		if err != nil || !os.SameFile(info, again) {
			delete(l.present, f.base)
			l.unread(err)
			return
		}
		if l.scan.Report(message, o) {
			l.ours = append(l.ours, f)
		}
	}
}

// readFile reads at most limit bytes of a regular file.
func readFile(path string, limit int64) ([]byte, fs.FileInfo, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, errors.New("not a regular file")
	}
	content, err := io.ReadAll(io.LimitReader(f, limit))
	return content, info, err
}

// settle settles the messages and deletes those that may be deleted.
func (l *maildirScan) settle() {
	deletable := l.scan.Settle(nil)
	for i, f := range l.ours {
		if l.scan.store != nil {
			delete(l.present, f.base) // to be read again
		} else if l.Delete && deletable[i] {
			l.remove(f)
		}
	}
	l.ours = nil
}

// remove deletes a file unless it was replaced since it was read.
func (l *maildirScan) remove(f file) {
	if now, err := os.Lstat(f.path); err == nil && os.SameFile(now, f.info) && os.Remove(f.path) == nil {
		return
	}
	delete(l.present, f.base) // it was moved and is read again
}
