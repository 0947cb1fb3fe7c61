package roadtest

import (
	"context"
	"errors"
	"hash/fnv"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/memhooks/memhooks/shared/delivery"
)

// post is one POST as its receiver has it.
type post struct {
	hook    string
	seq     int64
	redrive int
	attempt int
	event   string // its id
	body    []byte
	began   time.Time
	ended   time.Time // zero: it was cut off
	status  int
}

// receivers are all destinations: a transport that answers as it was told.
type receivers struct {
	seed  uint64
	mu    sync.Mutex
	posts []*post
	ways  map[string]string // hook → how its receiver answers
}

// ways are how receivers answer.
var ways = [...]string{"well", "mixed", "fails", "hangs", "late", "redirects", "busy", "refuses", "gone", "mixed", "well", "mixed"}

func newReceivers(seed uint64) *receivers { return &receivers{seed: seed, ways: map[string]string{}} }

func (r *receivers) behave(hook, way string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ways[hook] = way
}

// calm has everyone answer well from now on.
func (r *receivers) calm() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ways = map[string]string{}
}

func (r *receivers) all() []*post {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]*post(nil), r.posts...)
}

// RoundTrip takes a POST down and answers it.
func (r *receivers) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	hook, seq, redrive, ok := delivery.ParseID(req.Header.Get("X-Memhooks-Delivery"))
	attempt, wrong := strconv.Atoi(req.Header.Get("X-Memhooks-Attempt"))
	if !ok || wrong != nil {
		return nil, errors.New("no delivery")
	}
	p := &post{hook: hook, seq: seq, redrive: redrive, attempt: attempt, event: req.Header.Get("Webhook-Id"), body: body, began: time.Now()}
	r.mu.Lock()
	r.posts = append(r.posts, p)
	way := r.ways[hook]
	r.mu.Unlock()
	status, header, err := r.answer(req.Context(), way, p)
	r.mu.Lock()
	defer r.mu.Unlock()
	p.ended, p.status = time.Now(), status
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader("ok")), Request: req}, nil
}

// mixtures is what a receiver that is told to mix draws from.
var mixtures = [...]string{"well", "well", "well", "well", "fails", "fails", "late", "busy", "hangs", "refuses"}

func (r *receivers) answer(ctx context.Context, way string, p *post) (int, http.Header, error) {
	if way == "mixed" {
		h := fnv.New32a()
		_, _ = io.WriteString(h, strconv.FormatUint(r.seed, 10)+p.hook+p.event+strconv.Itoa(p.attempt)) // a hash takes all
		way = mixtures[h.Sum32()%uint32(len(mixtures))]
	}
	header := http.Header{}
	switch way {
	case "fails":
		return 500, header, nil
	case "gone":
		return 410, header, nil
	case "redirects":
		header.Set("Location", "https://elsewhere.example/")
		return 302, header, nil
	case "busy":
		header.Set("Retry-After", "7")
		return 503, header, nil
	case "refuses":
		return 0, nil, syscall.ECONNREFUSED
	case "hangs":
		<-ctx.Done()
		return 0, nil, ctx.Err()
	case "late":
		select {
		case <-time.After(3 * time.Second):
		case <-ctx.Done():
			return 0, nil, ctx.Err()
		}
	}
	return 204, header, nil
}
