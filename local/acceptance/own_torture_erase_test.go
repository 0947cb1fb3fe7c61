package acceptance_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"
)

// TestCrashErasure kills the process while it erases a person, repeats the
// erasure, and looks for what the person had: no word of it is in a file or an
// answer, and the log tells of it once.
func TestCrashErasure(t *testing.T) {
	if deployed() {
		t.Skip("a function has no process to kill here; tested in shared/adapter/aws, TestErasureLeavesNothingInServices; on a laptop: make crash")
	}
	t.Parallel()
	random := rand.New(rand.NewPCG(seeded(t), 0))
	s := start(t, 99, nil)
	m := s.fresh(t)
	feed, rx := m.feed(t), receive(t)
	m.push(t, rx)
	const grains = 100
	cut := 0
	for range rounds(3, 50) {
		who, secret := name("person"), word()
		batch := make(list, grains)
		for i := range batch {
			batch[i] = object{"grain_type": "event", "fields": object{"content": fmt.Sprint(secret, " ", i), "user_id": who}}
		}
		m.post(t, "/batch-add", object{"grains": batch}).want(t, http.StatusOK)
		answered := make(chan bool, 1)
		go func() {
			a, err := m.try(t.Context(), "POST", m.path("/forget"), object{"user_id": who})
			answered <- err == nil && a.status == http.StatusOK
		}()
		moment := time.After(time.Duration(random.IntN(25)) * time.Millisecond)
		select {
		case <-moment:
			s.kill()
			if !<-answered {
				cut++
			}
		case ok := <-answered:
			if !ok {
				t.Error("an erasure was refused")
			}
			s.kill()
		}
		s.start(t)
		m.drop(t, object{"user_id": who})
		m.erasedOnce(t, feed, who, grains)
		if at := search(t, s.dir, secret); len(at) != 0 {
			t.Errorf("after the erasure the word is in files: %v", at)
		}
		if found := string(m.post(t, "/recall", object{"limit": 1000}).body) + string(m.get(t, "/hooks/"+feed+"/snapshot?limit=1000").body); strings.Contains(found, secret) {
			t.Error("after the erasure the word is in an answer")
		}
	}
	t.Logf("%d erasures were cut off", cut)
}

// erasedOnce checks what a log tells of a person: the erasure, once, with all
// that there was.
func (m instance) erasedOnce(t *testing.T, feed, who string, count int) {
	t.Helper()
	told := 0
	for _, e := range m.all(t, feed) {
		if e.event["event_type"] != "crypto_erase" || e.event["user_id"] != who {
			continue
		}
		told++
		if e.event["count"] != float64(count) {
			t.Errorf("told of %v erased, want %d: %s", e.event["count"], count, e.Body)
		}
	}
	if told != 1 {
		t.Errorf("the erasure was told %d times", told)
	}
}
