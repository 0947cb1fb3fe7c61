package localmaster_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/seal"
	"github.com/memhooks/memhooks/shared/seal/localmaster"
	"github.com/memhooks/memhooks/shared/seal/sealtest"
)

var _ seal.Wrapper = (*localmaster.Master)(nil)

var about = map[string]string{"tenant": "t1", "memory": "default"}

func open(t testing.TB, dir, env string) *localmaster.Master {
	t.Helper()
	m, err := localmaster.Open(dir, env, sealtest.Random(1))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func wrap(t testing.TB, m *localmaster.Master, raw string) []byte {
	t.Helper()
	wrapped, err := m.Wrap(t.Context(), about, []byte(raw))
	if err != nil {
		t.Fatal(err)
	}
	return wrapped
}

func unwraps(t testing.TB, m *localmaster.Master, wrapped []byte, want string) {
	t.Helper()
	raw, err := m.Unwrap(t.Context(), about, wrapped)
	if err != nil || string(raw) != want {
		t.Errorf("unwrap: %q, %v; want %q", raw, err, want)
	}
}

func TestTheFileIsMadeOnceAndOpensAgain(t *testing.T) {
	dir := t.TempDir()
	wrapped := wrap(t, open(t, dir, ""), "raw")
	info, err := os.Stat(filepath.Join(dir, localmaster.FileName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the file: %v, %v; want mode 0600", info, err)
	}
	again, err := localmaster.Open(dir, "", sealtest.Random(2))
	if err != nil {
		t.Fatal(err)
	}
	unwraps(t, again, wrapped, "raw")
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("the folder holds %v", left)
	}
}

func TestAllWhoOpenAtOnceGetTheSameKey(t *testing.T) {
	dir := t.TempDir()
	opened := make([]*localmaster.Master, 8)
	var all sync.WaitGroup
	for i := range opened {
		all.Go(func() {
			var err error
			if opened[i], err = localmaster.Open(dir, "", sealtest.Random(uint64(i))); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if t.Failed() {
		return
	}
	wrapped := wrap(t, opened[0], "raw")
	for _, m := range opened {
		unwraps(t, m, wrapped, "raw")
	}
}

func TestTheSettingTakesHexAndBase64AndNoFile(t *testing.T) {
	key := bytes.Repeat([]byte{0xfb, 0xff}, 16)
	wrapped := wrap(t, open(t, "", hex.EncodeToString(key)), "raw")
	for _, env := range []string{
		strings.ToUpper(hex.EncodeToString(key)),
		base64.StdEncoding.EncodeToString(key),
		base64.RawStdEncoding.EncodeToString(key),
		" " + hex.EncodeToString(key) + "\n",
	} {
		unwraps(t, open(t, "", env), wrapped, "raw")
	}
	dir := t.TempDir()
	open(t, dir, hex.EncodeToString(key))
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("a setting made %v", left)
	}
}

func TestTheFilesTextServesAsTheSetting(t *testing.T) {
	dir := t.TempDir()
	wrapped := wrap(t, open(t, dir, ""), "raw")
	text, err := os.ReadFile(filepath.Join(dir, localmaster.FileName))
	if err != nil {
		t.Fatal(err)
	}
	unwraps(t, open(t, "", string(text)), wrapped, "raw")
}

func TestABadSettingIsRefusedAndNotShown(t *testing.T) {
	for _, env := range []string{" ", "hunter2", strings.Repeat("g", 64), strings.Repeat("a", 63), strings.Repeat("ab", 33), base64.StdEncoding.EncodeToString(make([]byte, 31))} {
		_, err := localmaster.Open(t.TempDir(), env, sealtest.Random(1))
		if fault.KindOf(err) != fault.InvalidField {
			t.Fatalf("%q: %v", env, err)
		}
		for _, want := range []string{localmaster.Setting, "64 hex digits", "base64 of 32 bytes"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q does not name %q", err, want)
			}
		}
		if s := strings.TrimSpace(env); s != "" && strings.Contains(err.Error(), s) {
			t.Errorf("%q shows the setting", err)
		}
	}
}

func TestABadFileIsRefused(t *testing.T) {
	good := strings.Repeat("5e", 32) + "\n"
	for _, c := range []struct {
		name, text string
		mode       os.FileMode
		want       string
	}{
		{"readable by the group", good, 0o640, "accepted is 0600"},
		{"readable by all", good, 0o604, "accepted is 0600"},
		{"writable by others", good, 0o602, "accepted is 0600"},
		{"empty", "", 0o600, "64 hex digits"},
		{"short", good[:40], 0o600, "64 hex digits"},
		{"long", good[:64] + "00", 0o600, "64 hex digits"},
		{"endless", strings.Repeat("a", 1<<16), 0o600, "64 hex digits"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, localmaster.FileName)
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(path, c.mode); err != nil {
				t.Fatal(err)
			}
			_, err := localmaster.Open(dir, "", sealtest.Random(1))
			if fault.KindOf(err) != fault.InvalidField || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want the file's name and %q", err, c.want)
			}
			if kept, _ := os.ReadFile(path); string(kept) != c.text {
				t.Error("a refused file was changed")
			}
		})
	}
}

func TestAFolderIsNoKeyAndAMissingFolderIsAnError(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, localmaster.FileName), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := localmaster.Open(dir, "", sealtest.Random(1)); fault.KindOf(err) != fault.InvalidField {
		t.Errorf("a folder as the file: %v", err)
	}
	if _, err := localmaster.Open(filepath.Join(dir, "none"), "", sealtest.Random(1)); err == nil {
		t.Error("a missing folder was accepted")
	}
}

func TestWrappedKeysAreBoundToWhatTheyAreAbout(t *testing.T) {
	m := open(t, t.TempDir(), "")
	wrapped := wrap(t, m, "raw")
	for _, other := range []map[string]string{nil, {"tenant": "t1"}, {"tenant": "t2", "memory": "default"}, {"tenant": "t1", "memory": "default", "x": ""}, {"tenantt1": "", "memory": "default"}} {
		if raw, err := m.Unwrap(t.Context(), other, wrapped); err == nil {
			t.Errorf("about %v: %q", other, raw)
		}
	}
	_, err := open(t, "", strings.Repeat("00", 32)).Unwrap(t.Context(), about, wrapped)
	if err == nil || !strings.Contains(err.Error(), localmaster.Setting) {
		t.Errorf("another master key: %v", err)
	}
}

func FuzzUnwrap(f *testing.F) {
	m := open(f, "", strings.Repeat("5e", 32))
	wrapped := wrap(f, m, "raw")
	f.Add(wrapped)
	f.Add(wrapped[:5])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, candidate []byte) {
		if _, err := m.Unwrap(t.Context(), about, candidate); (err == nil) != bytes.Equal(candidate, wrapped) {
			t.Fatalf("%x: %v", candidate, err)
		}
	})
}

func FuzzSetting(f *testing.F) {
	f.Add(strings.Repeat("5e", 32))
	f.Add(base64.StdEncoding.EncodeToString(make([]byte, 32)))
	f.Add("====")
	f.Fuzz(func(t *testing.T, env string) {
		if env == "" {
			return
		}
		if _, err := localmaster.Open("", env, sealtest.Random(1)); err != nil && fault.KindOf(err) != fault.InvalidField {
			t.Fatal(err)
		}
	})
}
