package delivery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/redact"
	"github.com/memhooks/memhooks/shared/seal"
	"github.com/memhooks/memhooks/shared/sign"
)

// The headers that tell a receiver where an event stands. They are written in
// http.Header's canonical spelling.
const (
	headerHook     = "X-Memhooks-Hook"
	headerDelivery = "X-Memhooks-Delivery"
	headerAttempt  = "X-Memhooks-Attempt"
	headerSeq      = "X-Memhooks-Seq"
	headerPrevSeq  = "X-Memhooks-Prev-Seq"
	headerTest     = "X-Memhooks-Test"
)

// errAsking says that what a request needs could not be read: a service that is
// down, a key that is disabled, a right that is missing. Nobody knows anything
// of the event by it.
var errAsking = errors.New("it could not be read just now")

// asking wraps what a port failed with. Sealed bytes that are damaged, or whose
// key is destroyed, will be so ever after: all else may be mended.
func asking(what string, err error) error {
	if errors.Is(err, seal.ErrBroken) || errors.Is(err, seal.ErrErased) {
		return fmt.Errorf("delivery: %s: %w", what, err)
	}
	return fmt.Errorf("delivery: %s: %w: %w", what, errAsking, err)
}

var jsonType = []string{"application/json"}

// request is the POST of an attempt that begins at a time. It writes down in
// the job how much of the event was shown.
func (s *Sender) request(ctx context.Context, h *hook.Hook, j *Job, at time.Time) (*http.Request, error) {
	mode, err := s.cfg.Modes.Effective(ctx, *h)
	if err != nil {
		return nil, asking("redaction", err)
	}
	if j.Redaction == "" || mode.TighterThan(j.Redaction) {
		j.Redaction = mode
	}
	c := j.Entry.Change
	c.Seq = j.Entry.Seq
	event := dialect.Event{Change: c}
	if j.Redaction.Keeps(redact.Marker) { // else nothing of it would show
		if event, err = s.cfg.Teller.Tell(ctx, c); err != nil {
			return nil, asking("content", err)
		}
	}
	req, err := s.signed(ctx, h, event, j.Redaction, at)
	if err != nil {
		return nil, err
	}
	values := [...]string{j.ID(), strconv.Itoa(j.Attempts), strconv.FormatInt(j.Entry.Seq, 10), strconv.FormatInt(j.Prev, 10)}
	for i, name := range [...]string{headerDelivery, headerAttempt, headerSeq, headerPrevSeq} {
		req.Header[name] = values[i : i+1 : i+1]
	}
	return req, nil
}

// signed renders an event for a hook, in the mode that is given, and signs it.
func (s *Sender) signed(ctx context.Context, h *hook.Hook, e dialect.Event, mode redact.Mode, at time.Time) (*http.Request, error) {
	body, err := dialect.Body(h.Dialect, e, mode)
	if err != nil {
		return nil, fmt.Errorf("delivery: body: %w", err)
	}
	to, err := url.Parse(h.URL)
	if err != nil {
		return nil, errBadURL
	}
	req := (&http.Request{
		Method: http.MethodPost, URL: to, Host: to.Host,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        make(http.Header, 12),
		ContentLength: int64(len(body)),
		Body:          io.NopCloser(bytes.NewReader(body)),
		// The transport asks for the body anew only where nothing of it was
		// written, because a kept connection had been closed.
		GetBody: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil },
	}).WithContext(ctx)
	req.Header["Content-Type"] = jsonType
	req.Header["User-Agent"] = s.userAgent
	req.Header[headerHook] = []string{h.ID}
	message := sign.Message{ID: e.Change.EventID(), At: at, Body: body}
	if err := s.sign(ctx, req.Header, h, message); err != nil {
		return nil, err
	}
	return req, nil
}

// sign signs with what the hook has at that moment; an unsigned hook has
// nothing.
func (s *Sender) sign(ctx context.Context, header http.Header, h *hook.Hook, m sign.Message) error {
	named, err := sign.ParseDialect(h.Dialect)
	if err != nil {
		return fmt.Errorf("delivery: sign: %w", err)
	}
	secrets, err := s.cfg.Secrets.Open(ctx, *h, m.At)
	if err != nil {
		return asking("open the hook's secret", err)
	}
	if h.Secret != nil && secrets.Product == nil {
		return errNoSecret
	}
	sign.Apply(header, named, secrets.Product, secrets.Standard, m)
	return nil
}
