package acceptance_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestPoller follows a log with the poller that the documentation gives away:
// killed and started again it goes on where it was, it begins anew from a
// snapshot where the log no longer reaches back, and it lets go of what was
// forgotten or erased.
func TestPoller(t *testing.T) {
	if deployed() {
		t.Skip("needs a server whose log is short: unset MEMHOOKS_URL; go test ./local/acceptance -run TestPoller")
	}
	python := os.Getenv("MEMHOOKS_TEST_PYTHON")
	if found, err := exec.LookPath("python3"); python == "" && err == nil {
		python = found
	}
	if python == "" {
		t.Skip("needs Python: apt-get install python3; go test ./local/acceptance -run TestPoller")
	}
	t.Parallel()
	const limit = 20
	s := start(t, 73, settings{"MEMHOOKS_AUTH": "on", "MEMHOOKS_FEED_MAX_EVENTS": fmt.Sprint(limit)})
	m := s.fresh(t)
	hook := m.feed(t)
	file := filepath.Join(t.TempDir(), "copy.db")
	poller := func() *speaker {
		cmd := exec.Command(python, receivers+"poll.py")
		cmd.Env = append(os.Environ(), "MEMHOOKS="+*s.address.Load(), "MEMORY="+m.id, "HOOK="+hook, "KEY="+m.key, "DATABASE="+file)
		return speak(t, cmd)
	}
	first := poller()
	old := m.add(t, belief("ann"))
	first.hear(t, `^1 (evt_\S+) grain_created$`)
	m.supersede(t, old, belief("ann", object{"object": "milk"}))
	first.hear(t, `^2 (evt_\S+) grain_superseded$`)
	first.hear(t, `^(holds) 1$`)
	first.stop()

	m.add(t, belief("bob", object{"user_id": "bob"}))
	m.add(t, belief("cat", object{"scope_path": "acme/prod/eu"}))
	m.add(t, belief("dan", object{"scope_path": "acme/production"}))
	second := poller()
	if line := second.hear(t, `^(.*)$`); line[:2] != "3 " {
		t.Errorf("started again, it begins with %q", line)
	}
	second.hear(t, `^(holds) 4$`)
	m.drop(t, object{"user_id": "bob"})
	second.hear(t, `^(holds) 3$`)
	m.drop(t, object{"scope_path": "acme/prod"})
	second.hear(t, `^(holds) 2$`)
	second.stop()

	was := m.add(t, belief("eve"))
	m.drop(t, object{"blob_hash": m.supersede(t, was, belief("eve", object{"object": "milk"}))})
	third := poller() // what replaced which is not told of what is gone: only a snapshot tells
	third.hear(t, `^(snapshot), holds 2$`)
	third.stop()

	m.many(t, "filler", 100)
	m.floor(t, hook, 50)
	last := poller()
	last.hear(t, `^(snapshot), holds 102$`)
	m.drop(t, object{"subject": "ann"})
	last.hear(t, `^\d+ (evt_\S+) grain_forgotten$`)
	last.hear(t, `^(holds) 101$`)
}
