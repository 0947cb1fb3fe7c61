package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"time"
)

// earliest is the first time that a zip archive can hold, in Unix seconds.
const earliest = 315532800

// entry is one file of an archive.
type entry struct {
	name    string // with its folder, slashes between
	mode    fs.FileMode
	content []byte
}

// tarball packs entries, in their order, as a compressed tar archive. It holds
// no owner: whoever unpacks it owns the files.
func tarball(entries []entry, at time.Time) ([]byte, error) {
	var packed bytes.Buffer
	squeeze, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	archive := tar.NewWriter(squeeze)
	for _, e := range entries {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: e.name, Mode: int64(e.mode), Size: int64(len(e.content)), ModTime: at}
		if err := archive.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := archive.Write(e.content); err != nil {
			return nil, err
		}
	}
	err = errors.Join(archive.Close(), squeeze.Close())
	return packed.Bytes(), err
}

// zipped packs entries, in their order, as a zip archive.
func zipped(entries []entry, at time.Time) ([]byte, error) {
	var packed bytes.Buffer
	archive := zip.NewWriter(&packed)
	archive.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestCompression)
	})
	for _, e := range entries {
		header := &zip.FileHeader{Name: e.name, Method: zip.Deflate, Modified: at}
		header.SetMode(e.mode)
		file, err := archive.CreateHeader(header)
		if err != nil {
			return nil, err
		}
		if _, err := file.Write(e.content); err != nil {
			return nil, err
		}
	}
	err := archive.Close()
	return packed.Bytes(), err
}
