package acceptance_test

import (
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
)

// memhooks runs a command of the binary under test on a data folder.
func memhooks(t *testing.T, data string, args ...string) {
	t.Helper()
	binary, err := stage.binary()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(binary, args...)
	command.Env = append(os.Environ(), "MEMHOOKS_DATA="+data)
	if said, err := command.CombinedOutput(); err != nil {
		t.Fatalf("memhooks %v: %v\n%s", args, err, said)
	}
}

// answered is a copy of what was answered so far, which goes on to hear what is
// asked.
func (l *ledger) answered() *ledger {
	l.mu.Lock()
	defer l.mu.Unlock()
	return &ledger{accepted: maps.Clone(l.accepted), asked: l.asked}
}

// TestBackup backs a server up while it is written to and delivers, restores
// that elsewhere, and starts it there: all that was answered before the backup
// began is in the store and in the log, which has no gap; each event of that
// log is delivered, what was pending included; and hooks go on.
func TestBackup(t *testing.T) {
	if deployed() {
		t.Skip("needs a data folder: unset MEMHOOKS_URL; go test ./local/acceptance -run TestBackup")
	}
	t.Parallel()
	s := start(t, 78, nil)
	m := s.fresh(t)
	feed := m.feed(t)
	var up atomic.Bool
	fast := receive(t)
	stuck := receive(t, func(w http.ResponseWriter, r *http.Request) {
		if !up.Load() {
			hang(w, r)
		}
	})
	m.push(t, fast)
	m.push(t, stuck)
	l := newLedger()
	enough := l.expect(300)
	wait := l.write(t, m, 4)
	<-enough
	stuck.wait(t, 1)
	before := l.answered()
	backup := filepath.Join(t.TempDir(), "backup")
	memhooks(t, s.dir, "backup", backup, "--with-master-key")
	written := len(l.hashes())
	s.kill()
	wait()
	up.Store(true)

	other := stage.server(filepath.Join(t.TempDir(), "data"), s.env)
	memhooks(t, other.dir, "restore", backup, "--none-erased")
	other.start(t)
	t.Cleanup(func() { other.end(syscall.SIGKILL) })
	n := other.memory(m.id)
	log := before.verify(t, n, feed)
	t.Logf("%d answered before the backup, %d in it, %d when it was made", len(before.hashes()), len(log), written)
	last := n.add(t, belief("after"))
	log = n.all(t, feed)
	if tail := log[len(log)-1]; tail.Seq != len(log) || text(t, tail.event, "hash") != last {
		t.Errorf("it goes on with %s at %d of %d", tail.Body, tail.Seq, len(log))
	}
	for _, rx := range []*receiver{fast, stuck} {
		for _, e := range log {
			rx.until(t, func(r request) bool { return r.header.Get("webhook-id") == e.ID })
		}
		bodies := map[string]string{}
		got, _ := rx.all()
		for _, r := range got {
			id := r.header.Get("webhook-id")
			if was, twice := bodies[id]; twice && was != string(r.body) {
				t.Errorf("event %s came as %s and as %s", id, was, r.body)
			}
			bodies[id] = string(r.body)
		}
	}
}
