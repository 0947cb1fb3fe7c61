package acceptance_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestRow098CleanStop(t *testing.T) {
	row(t, 98, "clean stop")
	ownProcess(t, 98, "functions have no process that an operator stops; what is stopped at any moment is tested in shared/adapter/aws, TestSimulation")
	s := start(t, 98, nil)
	m := s.fresh(t)
	feed := m.feed(t)
	var stopping atomic.Bool
	began := make(chan struct{}, 1024)
	slow := receive(t, func(w http.ResponseWriter, r *http.Request) {
		if !stopping.Load() {
			return
		}
		began <- struct{}{}
		select { // takes its time, and then answers
		case <-time.After(300 * time.Millisecond):
		case <-r.Context().Done():
		}
	})
	var up atomic.Bool
	stuck := receive(t, func(w http.ResponseWriter, r *http.Request) {
		if !up.Load() {
			hang(w, r)
		}
	})
	m.push(t, slow)
	m.push(t, stuck)
	l := newLedger()
	for range rounds(2, 10) {
		up.Store(false)
		stopping.Store(true)
		enough := l.expect(40)
		wait := l.write(t, m, 4)
		<-enough
		<-began // a POST is under way
		took := s.stop(t)
		t.Logf("stopped after %v", took)
		if took > 10*time.Second {
			t.Errorf("the stop took %v", took)
		}
		wait()
		stopping.Store(false)
		up.Store(true)
		s.start(t)
	}
	log := l.verify(t, m, feed)
	delivered(t, slow, log)
	delivered(t, stuck, log)
	for _, hook := range objects(t, m.get(t, "/hooks").want(t, 200), "hooks") {
		if id := text(t, hook, "id"); hook["delivery_mode"] == "webhook" {
			m.settledCounts(t, id, len(log))
			if left := m.letters(t, id); len(left) != 0 {
				t.Errorf("a stop is no failure of the receiver: %v", left)
			}
		}
	}
}

// cramped returns a server whose files may not grow beyond so many KiB.
func cramped(t *testing.T, kib int) *server {
	t.Helper()
	ownProcess(t, 100, "a table has no disk that fills and no lock on it")
	s := start(t, 100, nil)
	s.stop(t)
	s.cramp(t, kib)
	return s
}

// cramp starts a server once such that its files may not grow beyond so many KiB.
func (s *server) cramp(t *testing.T, kib int) {
	t.Helper()
	wide := s.binary
	script := filepath.Join(t.TempDir(), "cramped")
	s.binary = func() (string, error) {
		path, err := wide()
		if err != nil {
			return "", err
		}
		text := fmt.Sprintf("#!/bin/sh\nulimit -f %d || exit 9\nexec %s \"$@\"\n", kib*2, path) // in blocks of 512 bytes
		return script, os.WriteFile(script, []byte(text), 0o700)
	}
	s.start(t)
	s.binary = wide // for the next start
}

func TestRow100DiskFull(t *testing.T) {
	row(t, 100, "disk full, store locked, clock moved back")
	s := cramped(t, 2048)
	m := s.memory("default")
	feed := m.feed(t)
	rx := receive(t)
	m.push(t, rx)
	var accepted []string
	var refused answer
	for i := range 500 {
		a := m.post(t, "/add", belief(fmt.Sprint("subject ", i), object{"content": strings.Repeat("x", 30000)}))
		if a.status != 200 {
			refused = a
			break
		}
		accepted = append(accepted, text(t, a.json(t), "blob_hash"))
	}
	if len(accepted) == 0 || len(accepted) == 500 {
		t.Fatalf("%d writes were accepted before the disk was full", len(accepted))
	}
	refused.refused(t, 503, "")
	if said := strings.ToLower(string(refused.body)); !strings.Contains(said, "disk") && !strings.Contains(said, "space") && !strings.Contains(said, "full") {
		t.Errorf("the refusal does not say that the disk is full: %v", refused)
	}
	if a := s.call(t, "GET", "/readyz", nil); a.status == 200 {
		t.Logf("ready although no write passes: %v", a)
	}
	s.kill()
	s.start(t) // with room again
	got := map[any]bool{}
	log := m.all(t, feed)
	for _, e := range log {
		got[e.event["hash"]] = true
	}
	for _, hash := range accepted {
		if !got[hash] {
			t.Errorf("the accepted %s is lost", hash)
		}
	}
	if len(log) != len(accepted) {
		t.Errorf("%d events for %d accepted writes", len(log), len(accepted))
	}
	m.add(t, belief("room again"))
	delivered(t, rx, m.log(t, feed, len(accepted)+1))
}

func TestRow100StoreLocked(t *testing.T) {
	row(t, 100, "disk full, store locked, clock moved back")
	if deployed() {
		t.Skip("a table has no lock on it; on a laptop: go test ./local/acceptance -run TestRow100StoreLocked")
	}
	s := start(t, 100, nil)
	m := s.memory("default")
	m.add(t, belief("first"))
	binary, err := s.binary()
	if err != nil {
		t.Fatal(err)
	}
	second := exec.CommandContext(t.Context(), binary, "serve")
	second.Env = s.environment()
	output, err := second.CombinedOutput()
	if err == nil {
		t.Fatalf("a second server on the same folder ended well: %s", output)
	}
	said := string(output)
	if !strings.Contains(said, s.dir) || strings.Contains(said, "goroutine") || !strings.Contains(said, fmt.Sprint(s.pid())) {
		t.Errorf("the message does not name the folder and the process that holds it: %s", said)
	}
	m.add(t, belief("second"))
	if hits := m.find(t, object{}); len(hits) != 2 {
		t.Errorf("the first server has %v", hits)
	}
	s.kill() // a lock does not outlive its holder
	s.start(t)
	if hits := m.find(t, object{}); len(hits) != 2 {
		t.Errorf("after a restart: %v", hits)
	}
}
