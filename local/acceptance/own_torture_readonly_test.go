package acceptance_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// frozen lets nobody write to a server's folder and its files, until thaw: not
// even who has them open, where the user is root, whom only an attribute of the
// files stops; else whoever opens them.
func (s *server) frozen(t *testing.T) (thaw func()) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(s.dir, "*"))
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	paths = append(paths, s.dir)
	set := func(attribute string, folder, file os.FileMode) {
		t.Helper()
		if os.Geteuid() == 0 {
			if said, err := exec.Command("chattr", append([]string{attribute}, paths...)...).CombinedOutput(); err != nil {
				t.Errorf("chattr %s: %v, %s", attribute, err, said)
			}
			return
		}
		for _, path := range paths {
			mode := file
			if path == s.dir {
				mode = folder
			}
			if err := os.Chmod(path, mode); err != nil {
				t.Error(err)
			}
		}
	}
	frozen := true
	thaw = func() {
		if frozen {
			set("-i", 0o700, 0o600)
		}
		frozen = false
	}
	t.Cleanup(thaw)
	set("+i", 0o500, 0o400)
	return thaw
}

// needsFreezing skips where a folder can't be kept from being written: by one who
// has its files open already, where that is wanted too.
func needsFreezing(t *testing.T, open bool) {
	t.Helper()
	if deployed() || runtime.GOOS == "windows" || open && os.Geteuid() != 0 {
		t.Skip("needs a folder that can't be written: on a laptop, and for one that is open as root on Linux with ext4: make crash")
	}
	if os.Geteuid() != 0 {
		return
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "frozen"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	said, err := exec.Command("chattr", "+i", f.Name()).CombinedOutput()
	if err == nil {
		_, err = f.WriteString("a")
		_ = exec.Command("chattr", "-i", f.Name()).Run()
		if err != nil {
			return
		}
	}
	t.Skipf("root writes to every file here (%v, %s); where the folder for temporary files is ext4, or as another user: make crash", err, said)
}

// TestCrashReadOnly starts on a folder that can't be written: it says so, and
// nothing of what is in it is lost.
func TestCrashReadOnly(t *testing.T) {
	needsFreezing(t, false)
	t.Parallel()
	s := start(t, 100, nil)
	m := s.fresh(t)
	feed := m.feed(t)
	m.add(t, belief("kept"))
	for range 2 { // killed, and stopped cleanly
		s.kill()
		thaw := s.frozen(t)
		err := s.up()
		thaw()
		if err == nil || !strings.Contains(err.Error(), "can't be written") || strings.Contains(err.Error(), "goroutine") {
			t.Fatalf("the start on a read-only folder ended with %v", err)
		}
		s.start(t)
		m.log(t, feed, 1)
		s.stop(t)
	}
}

// TestCrashReadOnlyMeanwhile takes from a server that runs, under load, the right
// to write its files, and gives it back: writes are refused and say why, reads are
// right or refused, nothing that was answered is lost, and no restart is needed.
func TestCrashReadOnlyMeanwhile(t *testing.T) {
	needsFreezing(t, true)
	t.Parallel()
	s := start(t, 100, nil)
	other := s.fresh(t)
	other.add(t, belief("kept"))
	r := newTorture(t, s.caller, seeded(t))
	n := rounds(2, 10)
	for range n {
		stop := r.begin(t.Context(), t)
		r.some(t)
		thaw := s.frozen(t)
		stop() // all end as soon as a write is refused
		refused := other.post(t, "/add", belief("refused"))
		if refused.refused(t, http.StatusServiceUnavailable, ""); !strings.Contains(string(refused.body), "can't be written") {
			t.Errorf("the refusal does not say why: %v", refused)
		}
		read := other.get(t, "/grains?q=kept") // a reader marks in a file where it reads
		if read.status != http.StatusServiceUnavailable && len(objects(t, read.want(t, http.StatusOK), "hits")) != 1 {
			t.Errorf("while nothing can be written a read is answered %v", read)
		}
		thaw()
		r.settle(t)
		r.verify(t)
	}
	r.delivered(t)
	t.Logf("%d rounds, %d events, %d lost, %d told twice", n, len(r.log), r.lost, r.twice)
}
