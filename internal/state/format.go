package state

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"time"
)

// version is the version of the format. Files of later versions are not read.
const version = 1

const (
	maxLine    = 16 << 20 // bytes; a section may be large
	maxFile    = 1 << 30  // bytes; a larger file is damaged
	maxEntries = 100_000  // the oldest entries beyond are dropped
)

// Entry is one key and its value.
type Entry struct {
	Seq     uint64          `json:"seq,omitempty"` // sequence number in the journal
	Section string          `json:"section"`
	Key     string          `json:"key"`
	Seen    int64           `json:"seen"` // time of the last change, Unix seconds
	Value   json.RawMessage `json:"value"`
}

// header is the first line of both files. The version comes first and stays
// there in every later format.
type header struct {
	Version int    `json:"version"`
	Seq     uint64 `json:"seq,omitempty"`     // last record of the journal that the snapshot includes
	Entries int    `json:"entries,omitempty"` // number of entries in the snapshot
}

// A line is a JSON object whose last member is its checksum.
const (
	sumStart  = `,"sum":"`
	sumLength = len(sumStart) + 8 + len(`"}`)
)

// appendLine appends v as a line. Its JSON must be an object with a member.
func appendLine(to []byte, v any) ([]byte, error) {
	object, err := json.Marshal(v)
	if err != nil {
		return to, fmt.Errorf("encoding a line: %w", err)
	}
	object = object[:len(object)-1]
	if len(object)+sumLength >= maxLine {
		return to, fmt.Errorf("a line of %d bytes is too long", len(object))
	}
	to = append(to, object...)
	to = append(to, sumStart...)
	to = hex.AppendEncode(to, checksum(object))
	return append(to, "\"}\n"...), nil
}

// object returns the JSON object of a line without the checksum, and false if the
// checksum is wrong. It modifies the line.
func object(line []byte) ([]byte, bool) {
	n := len(line) - sumLength
	if n < 1 || string(line[n:n+len(sumStart)]) != sumStart || string(line[len(line)-2:]) != `"}` {
		return nil, false
	}
	var sum [4]byte
	if _, err := hex.Decode(sum[:], line[n+len(sumStart):len(line)-2]); err != nil {
		return nil, false
	}
	if !bytes.Equal(sum[:], checksum(line[:n])) {
		return nil, false
	}
	line[n] = '}'
	return line[:n+1], true
}

func checksum(data []byte) []byte {
	sum := crc32.ChecksumIEEE(data)
	return []byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)}
}

// damage is an error in the content of a file, unlike an error of reading it.
type damage struct{ text string }

func (d *damage) Error() string { return d.text }

func damaged(format string, args ...any) error {
	return &damage{fmt.Sprintf(format, args...)}
}

func lines(r io.Reader) *bufio.Scanner {
	scanner := bufio.NewScanner(r)
	scanner.Buffer(make([]byte, 0, 64<<10), maxLine)
	return scanner
}

// scanError returns the error that ended a scan.
func scanError(scanner *bufio.Scanner) error {
	err := scanner.Err()
	if errors.Is(err, bufio.ErrTooLong) {
		return damaged("a line is longer than %d bytes", maxLine)
	}
	return err
}

func readHeader(line []byte) (header, error) {
	var h header
	// A later version may have another checksum.
	if err := json.Unmarshal(line, &h); err == nil && h.Version > version {
		return h, damaged("it has version %d, and this program reads version %d", h.Version, version)
	}
	text, ok := object(line)
	if !ok {
		return h, damaged("its first line is not a header with a valid checksum")
	}
	h = header{}
	if err := json.Unmarshal(text, &h); err != nil || h.Version != version {
		return h, damaged("its first line is not a header of version %d", version)
	}
	return h, nil
}

// readSnapshot calls add with each entry that was changed since the given time. It
// returns the sequence number of the last record that the snapshot includes.
func readSnapshot(r io.Reader, since time.Time, add func(*Entry)) (seq uint64, err error) {
	scanner := lines(r)
	if !scanner.Scan() {
		if err := scanError(scanner); err != nil {
			return 0, err
		}
		return 0, damaged("it is empty")
	}
	h, err := readHeader(scanner.Bytes())
	if err != nil {
		return 0, err
	}
	n := 0
	for scanner.Scan() {
		n++
		text, ok := object(scanner.Bytes())
		if !ok {
			return 0, damaged("line %d has no valid checksum", n+1)
		}
		var e Entry
		if err := json.Unmarshal(text, &e); err != nil {
			return 0, damaged("line %d is not an entry: %v", n+1, err)
		}
		if e.Seen >= since.Unix() && len(e.Value) > 0 {
			add(&e)
		}
	}
	if err := scanError(scanner); err != nil {
		return 0, err
	}
	if n != h.Entries {
		return 0, damaged("it has %d entries instead of %d", n, h.Entries)
	}
	return h.Seq, nil
}

// journalInfo describes a journal that was read.
type journalInfo struct {
	seq     uint64 // highest sequence number
	valid   int64  // bytes up to the end of the last valid line
	invalid int    // invalid lines, without an incomplete last one
}

// readJournal calls add with each valid record.
func readJournal(r io.Reader, add func(*Entry)) (journalInfo, error) {
	var j journalInfo
	scanner := lines(r)
	offset := int64(0)
	scanner.Split(func(data []byte, atEOF bool) (int, []byte, error) {
		n, line, err := bufio.ScanLines(data, atEOF)
		offset += int64(n)
		if n > 0 && data[n-1] != '\n' {
			line = nil // its write was interrupted
		}
		return n, line, err
	})
	if !scanner.Scan() {
		return j, scanError(scanner) // the first write was interrupted
	}
	if _, err := readHeader(scanner.Bytes()); err != nil {
		return j, err
	}
	j.valid = offset
	pending := 0
	for scanner.Scan() {
		text, ok := object(scanner.Bytes())
		var e Entry
		if !ok || json.Unmarshal(text, &e) != nil || e.Seq == 0 {
			pending++
			continue
		}
		j.invalid += pending
		pending, j.valid, j.seq = 0, offset, max(j.seq, e.Seq)
		add(&e)
	}
	// An interrupted write leaves at most one line.
	j.invalid += max(pending-1, 0)
	return j, scanError(scanner)
}
