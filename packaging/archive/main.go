// Command archive packs files into a .tar.gz or a .zip that depends on nothing
// but the arguments and the files' contents: no owner, no mode, no time of the
// file system's.
//
//	archive -time SECONDS -top DIRECTORY -executable NAME ARCHIVE NAME=FILE...
package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "archive:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("archive", flag.ContinueOnError)
	seconds := flags.Int64("time", 0, "time of every file, in seconds since 1970")
	top := flags.String("top", "", "directory that holds all files within the archive")
	executable := flags.String("executable", "", "name of the file that can be executed")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() < 2 {
		return errors.New("usage: archive -time SECONDS -top DIRECTORY -executable NAME ARCHIVE NAME=FILE")
	}
	files, err := readFiles(*top, *executable, flags.Args()[1:])
	if err != nil {
		return err
	}
	target := flags.Arg(0)
	write := writeTar
	if strings.HasSuffix(target, ".zip") {
		write = writeZip
	}
	out, err := os.Create(target)
	if err != nil {
		return err
	}
	if err := write(out, time.Unix(*seconds, 0).UTC(), files); err != nil {
		out.Close()
		return fmt.Errorf("%s: %w", target, err)
	}
	return out.Close()
}

// file is one entry of an archive.
type file struct {
	name    string
	mode    os.FileMode
	content []byte
}

// readFiles reads arguments of the form NAME=FILE.
func readFiles(top, executable string, args []string) ([]file, error) {
	files := make([]file, 0, len(args))
	for _, arg := range args {
		name, source, found := strings.Cut(arg, "=")
		if !found {
			return nil, fmt.Errorf("%q is not NAME=FILE", arg)
		}
		content, err := os.ReadFile(source)
		if err != nil {
			return nil, err
		}
		mode := os.FileMode(0o644)
		if name == executable {
			mode = 0o755
		}
		files = append(files, file{name: path.Join(top, name), mode: mode, content: content})
	}
	return files, nil
}

func writeTar(w io.Writer, modified time.Time, files []file) error {
	packed, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(packed)
	for _, f := range files {
		header := &tar.Header{
			Typeflag: tar.TypeReg, Name: f.name, Mode: int64(f.mode), Size: int64(len(f.content)), ModTime: modified, Format: tar.FormatUSTAR,
		}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if _, err := archive.Write(f.content); err != nil {
			return err
		}
	}
	return errors.Join(archive.Close(), packed.Close())
}

func writeZip(w io.Writer, modified time.Time, files []file) error {
	archive := zip.NewWriter(w)
	for _, f := range files {
		header := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: modified}
		header.SetMode(f.mode)
		entry, err := archive.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := entry.Write(f.content); err != nil {
			return err
		}
	}
	return archive.Close()
}
