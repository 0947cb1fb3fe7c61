package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

var at = time.Date(2026, 5, 4, 3, 2, 0, 0, time.UTC)

// unpacked is one file as an archive gives it back.
type unpacked struct {
	mode    fs.FileMode
	time    time.Time
	content []byte
}

func TestWhatIsPackedComesBack(t *testing.T) {
	entries := []entry{{"m/LICENSE", 0o644, []byte("granted")}, {"m/memhooks", 0o755, bytes.Repeat([]byte("run"), 1000)}}
	for name, pack := range map[string]func([]entry, time.Time) ([]byte, error){"a.tar.gz": tarball, "a.zip": zipped} {
		first, err := pack(entries, at)
		if err != nil {
			t.Fatal(err)
		}
		second, err := pack(entries, at)
		if err != nil || !bytes.Equal(first, second) {
			t.Errorf("%s: packed twice it differs, %v", name, err)
		}
		got := unpack(t, name, first)
		for _, e := range entries {
			u := got[e.name]
			if !bytes.Equal(u.content, e.content) || u.mode != e.mode || !u.time.Equal(at) {
				t.Errorf("%s: %s came back with mode %v, time %v, %d bytes", name, e.name, u.mode, u.time, len(u.content))
			}
		}
		if len(got) != len(entries) {
			t.Errorf("%s holds %d files, not %d", name, len(got), len(entries))
		}
	}
}

func TestAWrongOrderIsRefused(t *testing.T) {
	for _, args := range [][]string{nil, {"-version", "a/b"}, {"-version", "v1", "-only", "plan9/386"}, {"-version", "v1", "-only", ""}} {
		if o, err := parse(args, io.Discard); err == nil {
			t.Errorf("%q is taken as %+v", args, o)
		}
	}
	o, err := parse([]string{"-version", "v1"}, io.Discard)
	if err != nil || !slices.Equal(o.platforms, platforms) || o.time.Unix() != earliest {
		t.Errorf("the defaults are %+v, %v", o, err)
	}
}

func TestAModuleWithoutALicenceStopsTheRelease(t *testing.T) {
	dir := t.TempDir()
	var text bytes.Buffer
	if err := granted(&text, "example.org/a v1", dir); err == nil || !strings.Contains(err.Error(), "example.org/a v1 has no licence file") {
		t.Errorf("told %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "LICENCE.md"), []byte("granted"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := granted(&text, "example.org/a v1", dir); err != nil || text.String() != "==== example.org/a v1: LICENCE.md\n\ngranted\n\n" {
		t.Errorf("%v, %q", err, text.String())
	}
}

// The program of this machine and of another kind of system are built; this
// machine's runs, is the same when it is built elsewhere, and its sum is right.
func TestARelease(t *testing.T) {
	if os.Getenv("MEMHOOKS_TEST_RELEASE") == "" {
		t.Skip("builds for several minutes; run: make check-release")
	}
	own := runtime.GOOS + "/" + runtime.GOARCH
	first, second := t.TempDir(), t.TempDir()
	checkout, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := filepath.Join(t.TempDir(), "checkout")
	if err := os.Symlink(checkout, elsewhere); err != nil {
		t.Fatal(err)
	}
	release(t, checkout, first, own, "windows/amd64")
	release(t, elsewhere, second, own)
	name := "memhooks_v1.2.3_" + runtime.GOOS + "_" + runtime.GOARCH
	archive := read(t, filepath.Join(first, name+".tar.gz"))
	if !bytes.Equal(archive, read(t, filepath.Join(second, name+".tar.gz"))) {
		t.Error("built elsewhere it has other bytes")
	}
	sums := fmt.Sprintf("%x  %s.tar.gz\n%x  memhooks_v1.2.3_windows_amd64.zip\n", sha256.Sum256(archive), name,
		sha256.Sum256(read(t, filepath.Join(first, "memhooks_v1.2.3_windows_amd64.zip"))))
	if got := string(read(t, filepath.Join(first, "SHA256SUMS"))); got != sums {
		t.Errorf("the sums are\n%sand should be\n%s", got, sums)
	}
	files := unpack(t, name+".tar.gz", archive)
	notices := string(files[name+"/NOTICES.txt"].content)
	for _, want := range []string{"==== Go: LICENSE", "==== modernc.org/sqlite v", "==== github.com/alecthomas/kong v"} {
		if !strings.Contains(notices, want) {
			t.Errorf("the notices lack %q", want)
		}
	}
	program := filepath.Join(t.TempDir(), "memhooks")
	if err := os.WriteFile(program, files[name+"/memhooks"].content, 0o700); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command(program, "version").CombinedOutput(); err != nil || string(said) != "memhooks v1.2.3\n" {
		t.Errorf("it says %q, %v", said, err)
	}
}

func release(t *testing.T, root, out string, only ...string) {
	t.Helper()
	o := order{root: root, out: out, version: "v1.2.3", time: at, platforms: only}
	if err := o.run(t.Context(), t.Output()); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// unpack reads an archive of either kind.
func unpack(t *testing.T, name string, archive []byte) map[string]unpacked {
	t.Helper()
	if strings.HasSuffix(name, ".zip") {
		return unzip(t, archive)
	}
	plain, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]unpacked{}
	for files := tar.NewReader(plain); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return got
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(files)
		if err != nil {
			t.Fatal(err)
		}
		got[header.Name] = unpacked{fs.FileMode(header.Mode), header.ModTime, content}
	}
}

func unzip(t *testing.T, archive []byte) map[string]unpacked {
	t.Helper()
	files, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]unpacked{}
	for _, f := range files.File {
		body, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		got[f.Name] = unpacked{f.Mode(), f.Modified, content}
	}
	return got
}
