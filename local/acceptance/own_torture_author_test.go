package acceptance_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// op is one write that an author asks for, under an idempotency key of its
// own, until it is answered.
type op struct {
	kind    string // of the event that it raises; "" where it must be refused
	path    string
	key     string
	body    object
	subject string
	hash    string // of the event, once answered
	began   time.Time
}

// author writes to lineages of its own, one op after the other, and so knows
// what each must come to. What a dying server left unanswered it asks for
// again, under the same key, before anything else.
type author struct {
	id      string
	m       instance
	random  *rand.Rand
	told    func()            // called with each answer
	heads   map[string]string // subject → current hash, of lineages that stand
	stale   string            // a hash that was superseded
	done    []op
	refused int
	open    *op
	asked   int // times that an op got no answer, or was told to come again
}

func newAuthor(m instance, seed uint64, told func()) *author {
	return &author{id: name("author"), m: m, random: rand.New(rand.NewPCG(seed, 1)), told: told, heads: map[string]string{}}
}

// next draws what to write.
func (a *author) next() op {
	n := len(a.done) + a.refused
	key := fmt.Sprint(a.id, "-", n)
	for subject, hash := range a.heads {
		switch dice := a.random.IntN(10); {
		case dice < 3:
			return op{kind: "grain_superseded", path: "/supersede", key: key, subject: subject, body: belief(subject, object{"blob_hash": hash, "object": key})}
		case dice < 4:
			return op{kind: "grain_forgotten", path: "/forget", key: key, subject: subject, hash: hash, body: object{"blob_hash": hash}}
		case dice < 5 && a.stale != "":
			return op{path: "/supersede", key: key, subject: subject, body: belief(subject, object{"blob_hash": a.stale, "object": key})}
		}
		break
	}
	return op{kind: "grain_created", path: "/add", key: key, subject: key, body: belief(key)}
}

// work writes until the server dies, says that it can't take a write, or the
// context ends. It fails on any other answer than the one it must get.
func (a *author) work(ctx context.Context) error {
	for ctx.Err() == nil {
		if a.open == nil {
			o := a.next()
			o.began = time.Now()
			a.open = &o
		}
		again, err := a.settle()
		if again || err != nil {
			return err
		}
	}
	return nil
}

// settle asks for the open op; again says that it is still open.
func (a *author) settle() (again bool, err error) {
	o := a.open
	if o == nil {
		return false, nil
	}
	got, err := a.m.try(context.Background(), "POST", a.m.path(o.path), o.body, header("Idempotency-Key", o.key))
	if err != nil || got.status == http.StatusServiceUnavailable {
		a.asked++
		return true, nil // it died: the next one is asked
	}
	a.open = nil
	want := http.StatusOK
	if o.kind == "" {
		want = http.StatusConflict
	}
	if got.status != want {
		return false, fmt.Errorf("%s under key %s: want %d: %v", o.path, o.key, want, got)
	}
	a.keep(*o, got)
	a.told()
	return false, nil
}

// keep notes what an answer means.
func (a *author) keep(o op, got answer) {
	switch o.kind {
	case "":
		a.refused++
		return
	case "grain_forgotten":
		delete(a.heads, o.subject)
		a.stale = "" // perhaps of this lineage, of which nothing is known any more
	default:
		o.hash = got.field("blob_hash")
		if o.kind == "grain_superseded" {
			a.stale = a.heads[o.subject]
		}
		a.heads[o.subject] = o.hash
	}
	a.done = append(a.done, o)
}

// tally counts answers, and tells when there were so many more.
type tally struct {
	mu      sync.Mutex
	n, goal int
	reached chan struct{}
}

func (c *tally) add() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n++; c.n == c.goal {
		close(c.reached)
	}
}

// after returns a channel that is closed with the nth answer from now on.
func (c *tally) after(n int) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.goal, c.reached = c.n+n, make(chan struct{})
	return c.reached
}
