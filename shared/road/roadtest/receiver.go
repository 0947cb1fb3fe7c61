package roadtest

import (
	"context"
	"errors"
	"hash/fnv"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/redact"
)

// post is one POST as its receiver has it.
type post struct {
	hook    string
	seq     int64
	redrive int
	attempt int
	event   string // its id
	header  http.Header
	body    []byte
	began   time.Time
	off     time.Duration // of its sender's clock
	trouble int           // how many deaths and failed calls there were when it began
	ended   time.Time     // zero: it was cut off
	to      netip.Addr    // that it was sent to; invalid where there was no connection
	status  int
	asked   time.Duration // by its answer's Retry-After
	handed  *handed       // by which call
	shown   []redact.Mode // that its body can be in, once that was judged
}

// receivers are all destinations, which answer as they were told.
type receivers struct {
	seed   uint64
	mu     sync.Mutex
	posts  []*post
	strays []string          // what was asked for at no receiver's URL
	ways   map[string]string // hook → how its receiver answers
	// troubles are the deaths and failed calls so far.
	troubles func() int
}

// ways are how receivers answer.
var ways = [...]string{"well", "mixed", "fails", "hangs", "late", "redirects", "busy", "refuses", "gone", "mixed", "rebinds", "well", "mixed"}

func newReceivers(seed uint64, troubles func() int) *receivers {
	return &receivers{seed: seed, ways: map[string]string{}, troubles: troubles}
}

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

// RoundTrip takes a POST down, connects to its receiver and has it answer.
func (n network) RoundTrip(req *http.Request) (*http.Response, error) {
	hook, seq, redrive, ok := delivery.ParseID(req.Header.Get("X-Memhooks-Delivery"))
	attempt, wrong := strconv.Atoi(req.Header.Get("X-Memhooks-Attempt"))
	if !ok || wrong != nil {
		return nil, errors.New("no delivery")
	}
	if req.Method != http.MethodPost || req.URL.String() != destination(hook) {
		return n.strayed(req), nil
	}
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	by, _ := req.Context().Value(handedKey{}).(*handed)
	p := &post{
		hook: hook, seq: seq, redrive: redrive, attempt: attempt, event: req.Header.Get("Webhook-Id"), header: req.Header.Clone(), body: body,
		began: time.Now(), off: n.off, trouble: n.troubles(), handed: by,
	}
	way, drawn := n.begin(p)
	status, header := 0, http.Header(nil)
	if err = n.connect(p, p.lookup(way, drawn)); err == nil {
		status, header, err = p.answer(req.Context(), way, drawn)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	p.ended, p.status = time.Now(), status
	if seconds, err := strconv.Atoi(header.Get("Retry-After")); err == nil {
		p.asked = time.Duration(seconds) * time.Second
	}
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader("ok")), Request: req}, nil
}

// mixtures is what a receiver that is told to mix draws from.
var mixtures = [...]string{"well", "well", "well", "well", "fails", "fails", "late", "busy", "hangs", "refuses", "rebinds", "redirects"}

// begin takes a POST down, and returns what its receiver does and a number that
// is drawn for it.
func (r *receivers) begin(p *post) (way string, drawn uint32) {
	h := fnv.New32a()
	_, _ = io.WriteString(h, strconv.FormatUint(r.seed, 10)+p.hook+p.event+strconv.Itoa(p.attempt)) // a hash takes all
	drawn = h.Sum32()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.posts = append(r.posts, p)
	if way = r.ways[p.hook]; way == "mixed" {
		way = mixtures[drawn%uint32(len(mixtures))]
	}
	return way, drawn
}

func (p *post) answer(ctx context.Context, way string, drawn uint32) (int, http.Header, error) {
	header := http.Header{}
	switch way {
	case "fails":
		return 500, header, nil
	case "gone":
		return 410, header, nil
	case "redirects":
		status, to := leads(p, drawn)
		header.Set("Location", to)
		return status, header, nil
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
