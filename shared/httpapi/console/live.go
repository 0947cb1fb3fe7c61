package console

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/memhooks/memhooks/shared/httpapi/client"
)

// beat is how often a page is told to look again although no event came: a
// delivery's end is no event.
const beat = 3 * time.Second

// rest is how long at least lies between two words to one page: each costs the
// visitor's key a call.
const rest = time.Second

// live tells a page of news, as server-sent events: soon when the memory's log
// grows, and at each beat. It ends with the request, or where the API refuses;
// the browser comes back by itself.
func (v *visit) live() error {
	d, err := v.get(v.in("events"), "limit", "1")
	if err != nil {
		return err
	}
	writer := http.NewResponseController(v.w)
	_ = writer.SetWriteDeadline(time.Time{})
	v.w.Header().Set("Content-Type", "text/event-stream")
	v.w.WriteHeader(http.StatusOK)
	word := ": open\n\n"
	for {
		if _, err := io.WriteString(v.w, word); err != nil { //nolint:gosec // numbers, and text/event-stream
			return nil
		}
		if writer.Flush() != nil || !v.pause(rest) {
			return nil
		}
		if d, err = v.news(d.Int("head_seq")); err != nil {
			return nil // the answer has begun: only its end can tell
		}
		word = fmt.Sprintf("event: changed\ndata: %d\n\n", d.Int("head_seq"))
	}
}

// news waits until there is something after a seq, for a beat at most.
func (v *visit) news(after int64) (client.Doc, error) {
	return v.get(v.in("events"), "after", strconv.FormatInt(after, 10), "limit", "1", "wait_ms", strconv.FormatInt(beat.Milliseconds(), 10))
}

// pause waits; it is false where the visitor left meanwhile.
func (v *visit) pause(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-v.r.Context().Done():
		return false
	}
}
