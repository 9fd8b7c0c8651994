package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const released = 1_700_000_000

// entry is what an archive says of a file.
type entry struct {
	name, content string
	mode          os.FileMode
	modified      int64
}

func TestAnArchiveHoldsTheFilesInTheOrderGiven(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func(*testing.T, string) []entry{"a.tar.gz": readTar, "a.zip": readZip} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := sources(t, 0o600)
			target := filepath.Join(t.TempDir(), name)
			require.NoError(t, pack(dir, target))
			require.Equal(t, []entry{
				{name: "top/smtpprobe", content: "binary", mode: 0o755, modified: released},
				{name: "top/docs/README.md", content: "text", mode: 0o644, modified: released},
			}, read(t, target))
		})
	}
}

func TestAnArchiveDependsOnNothingButNamesContentsAndTheTimeGiven(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a.tar.gz", "a.zip"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			one, other := sources(t, 0o700), sources(t, 0o755)
			long := time.Unix(1, 0)
			require.NoError(t, os.Chtimes(filepath.Join(other, "smtpprobe"), long, long))
			first, second := filepath.Join(t.TempDir(), name), filepath.Join(t.TempDir(), name)
			require.NoError(t, pack(one, first))
			require.NoError(t, pack(other, second))
			a, err := os.ReadFile(first)
			require.NoError(t, err)
			b, err := os.ReadFile(second)
			require.NoError(t, err)
			require.Equal(t, a, b)
		})
	}
}

func TestAWrongCommandLineMakesNoArchive(t *testing.T) {
	t.Parallel()
	target := filepath.Join(t.TempDir(), "a.zip")
	require.ErrorContains(t, run([]string{target}), "usage")
	require.ErrorContains(t, run([]string{target, "name"}), "not NAME=FILE")
	require.ErrorIs(t, run([]string{target, "name=" + filepath.Join(t.TempDir(), "none")}), os.ErrNotExist)
	require.NoFileExists(t, target)
}

func sources(t *testing.T, mode os.FileMode) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "smtpprobe"), []byte("binary"), mode))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "README.md"), []byte("text"), 0o600))
	return dir
}

func pack(dir, target string) error {
	return run([]string{
		"-time", "1700000000", "-top", "top", "-executable", "smtpprobe", target,
		"smtpprobe=" + filepath.Join(dir, "smtpprobe"), "docs/README.md=" + filepath.Join(dir, "README.md"),
	})
}

func readTar(t *testing.T, path string) []entry {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	packed, err := gzip.NewReader(f)
	require.NoError(t, err)
	var entries []entry
	for archive := tar.NewReader(packed); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return entries
		}
		require.NoError(t, err)
		content, err := io.ReadAll(archive)
		require.NoError(t, err)
		require.Empty(t, header.Uname+header.Gname)
		entries = append(entries, entry{header.Name, string(content), header.FileInfo().Mode(), header.ModTime.Unix()})
	}
}

func readZip(t *testing.T, path string) []entry {
	t.Helper()
	archive, err := zip.OpenReader(path)
	require.NoError(t, err)
	defer archive.Close()
	entries := make([]entry, 0, len(archive.File))
	for _, f := range archive.File {
		r, err := f.Open()
		require.NoError(t, err)
		content, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, r.Close())
		entries = append(entries, entry{f.Name, string(content), f.Mode(), f.Modified.Unix()})
	}
	return entries
}
