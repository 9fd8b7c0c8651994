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

// Maildir is a mailbox in the file system. Folders are those of Maildir++:
// INBOX is the directory itself, Junk its subdirectory .Junk.
type Maildir struct {
	Path    string
	Folders []Folder
	Delete  bool // remove settled messages

	// since is the start of the first look; older files are not read.
	since time.Time
	// seen are the files that are not read again, by name without flags. After
	// a restart all files are read again; no message is settled twice.
	seen map[string]uint64 // the inode
}

// names is how many names of a directory are read at once.
const names = 1000

// Source returns the path.
func (m *Maildir) Source() string { return m.Path }

// Close does nothing.
func (*Maildir) Close() error { return nil }

// Look reads the files that were not there in the last look.
func (m *Maildir) Look(ctx context.Context, v *Visit) error {
	l := maildirLook{Maildir: m, visit: v, present: make(map[string]uint64)}
	if m.seen == nil {
		// The clock of a file server may differ.
		m.since = v.Since().Add(-time.Minute)
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
	if first != nil {
		maps.Copy(l.present, m.seen) // keep the folders that were not read
	}
	m.seen = l.present // without files that are gone
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

// maildirLook is one look.
type maildirLook struct {
	*Maildir
	visit   *Visit
	present map[string]uint64 // files that the next look skips

	ours []file // passed to the visit and not settled yet
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

// folder reads a folder: new before cur, so that a message that is moved in
// between is seen.
func (l *maildirLook) folder(ctx context.Context, f Folder) error {
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

func (l *maildirLook) list(ctx context.Context, dir string, kind mailflow.Folder) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	for {
		batch, err := d.Readdirnames(names)
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
func (l *maildirLook) message(dir, name string, kind mailflow.Folder) {
	if strings.HasPrefix(name, ".") {
		return
	}
	path := filepath.Join(dir, name)
	base, _, _ := strings.Cut(name, ":") // its flags change
	info, err := os.Lstat(path)
	if err != nil {
		l.gone(err)
		return
	}
	if known, ok := l.seen[base]; ok && known == inode(info) || !info.Mode().IsRegular() || info.ModTime().Before(l.since) {
		l.present[base] = inode(info)
		return
	}
	if l.visit.Left() <= 0 {
		l.visit.Cut()
		return
	}
	l.read(file{path: path, base: base}, kind)
}

// gone notes that a file could not be read because it was moved or removed
// meanwhile; it may be anywhere.
func (l *maildirLook) gone(error) { l.visit.Cut() }

func (l *maildirLook) read(f file, kind mailflow.Folder) {
	content, info, err := readFile(f.path, mailflow.MaxHeader)
	if err != nil {
		l.gone(err)
		return
	}
	f.info = info
	l.present[f.base] = inode(info)
	o := mailflow.Origin{Folder: kind, Arrived: info.ModTime()}
	switch l.visit.Header(content, o) {
	case mailflow.Ours:
		l.ours = append(l.ours, f)
	case mailflow.Undecided:
		whole, again, err := readFile(f.path, mailflow.MaxReport)
		if err != nil || !os.SameFile(info, again) {
			delete(l.present, f.base)
			l.gone(err)
			return
		}
		if l.visit.Report(whole, o) {
			l.ours = append(l.ours, f)
		}
	}
}

// readFile reads the beginning of a regular file.
func readFile(path string, most int64) ([]byte, fs.FileInfo, error) {
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
	content, err := io.ReadAll(io.LimitReader(f, most))
	return content, info, err
}

// settle settles the messages, and deletes those that may be deleted.
func (l *maildirLook) settle() {
	deletable := l.visit.Settle(nil)
	for i, f := range l.ours {
		if l.visit.store != nil {
			delete(l.present, f.base) // to be read again
		} else if l.Delete && deletable[i] {
			l.remove(f)
		}
	}
	l.ours = nil
}

// remove deletes a file unless it was replaced since it was read.
func (l *maildirLook) remove(f file) {
	if now, err := os.Lstat(f.path); err == nil && os.SameFile(now, f.info) && os.Remove(f.path) == nil {
		return
	}
	delete(l.present, f.base) // moved meanwhile: to be read again
}
