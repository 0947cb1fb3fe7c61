package acceptance_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// device mounts a small device of memory and answers its folder; it goes with
// the test.
func device(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if said, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("needs a device that fills, and none could be mounted (%v, %s); as root on Linux: make crash", err, said)
	}
	t.Cleanup(func() {
		if said, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("the device stays mounted: %v, %s", err, said)
		}
	})
	return dir
}

// fill takes all room that a device has; free gives it back.
func fill(t *testing.T, dir string) (free func()) {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "filling"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the device is not full but %v", err)
	}
	return func() {
		if err := os.Remove(f.Name()); err != nil {
			t.Error(err)
		}
	}
}

// TestCrashFullDevice fills the device that the data lie on while authors
// write, kills the server, gives room again, and looks for every write.
func TestCrashFullDevice(t *testing.T) {
	if deployed() {
		t.Skip("a table has no disk that fills; on a laptop, as root: make crash")
	}
	t.Parallel()
	dir := device(t)
	s := start(t, 100, nil)
	s.stop(t)
	s.dir = filepath.Join(dir, "data")
	s.start(t)
	r := newTorture(t, s.caller, seeded(t))
	n := rounds(2, 10)
	for range n {
		stop := r.begin(t.Context(), t)
		r.some(t)
		free := fill(t, dir)
		stop() // all end as soon as a write is refused
		r.s.kill()
		free()
		r.revive(t)
		r.verify(t)
	}
	r.delivered(t)
	t.Logf("%d rounds, %d events, %d lost, %d told twice", n, len(r.log), r.lost, r.twice)
}
