package acceptance_test

import (
	"context"
	"net/http"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"
)

// end is one way in which a process comes to its end under load.
type end struct {
	name string
	come func(t *testing.T, r *torture)
}

// ends are all of them. Each begins the load, and returns when the process is
// gone and nobody writes.
var ends = []end{
	{"killed at a random moment", func(t *testing.T, r *torture) {
		stop := r.begin(t.Context(), t)
		r.some(t)
		r.s.kill()
		stop()
	}},
	{"killed with a POST read and not answered", func(t *testing.T, r *torture) { r.sprung(t, false) }},
	{"killed with a POST answered and not recorded", func(t *testing.T, r *torture) { r.sprung(t, true) }},
	{"killed, and again while it takes up what it left", func(t *testing.T, r *torture) {
		stop := r.begin(t.Context(), t)
		r.some(t)
		r.s.kill()
		stop()
		r.s.start(t)
		_, posted := r.steady.all()
		moment := time.After(time.Duration(r.random.IntN(60)) * time.Millisecond)
		select {
		case <-posted:
		case <-moment:
		}
		r.s.kill()
	}},
	{"killed, and thrice while it starts", func(t *testing.T, r *torture) {
		stop := r.begin(t.Context(), t)
		r.some(t)
		r.s.kill()
		stop()
		binary, err := r.s.binary()
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			moment, cancel := context.WithTimeout(t.Context(), time.Duration(1+r.random.IntN(100))*time.Millisecond)
			start := exec.CommandContext(moment, binary, "serve")
			start.Env = r.s.environment()
			_ = start.Run() // ends by the kill
			cancel()
		}
	}},
	{"disk full, then killed", func(t *testing.T, r *torture) {
		r.s.stop(t)
		r.s.cramp(t, 512)
		r.begin(t.Context(), t)() // all end as soon as a write is refused
		r.s.kill()
	}},
}

// sprung kills the process from inside a receiver, before or after it answers.
func (r *torture) sprung(t *testing.T, answered bool) {
	t.Helper()
	stop := r.begin(t.Context(), t)
	r.some(t)
	dead := make(chan struct{})
	process := r.s.cmd.Process
	spring := func(w http.ResponseWriter) {
		defer close(dead)
		if answered {
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
		}
		_ = process.Kill()
	}
	r.spring.Store(&spring)
	select {
	case <-dead:
	case <-time.After(patience):
		t.Errorf("no POST came in %v", patience)
	}
	r.s.kill()
	stop()
}

// some waits for a random number of answers.
func (r *torture) some(t *testing.T) {
	t.Helper()
	select {
	case <-r.answers.after(1 + r.random.IntN(150)):
	case <-time.After(patience):
		t.Errorf("no more answers in %v", patience)
	}
}

// trap is a receiver's answer that a spring, once, comes before.
func trap(spring *atomic.Pointer[func(http.ResponseWriter)]) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if f := spring.Swap(nil); f != nil {
			(*f)(w)
		}
	}
}
