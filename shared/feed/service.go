package feed

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed/cursor"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/redact"
)

// The bounds of one page.
const (
	defaultLimit = 100
	MaxLimit     = 1000
	MaxWait      = 20 * time.Second

	fullPage = 2 << 20 // bytes of bodies, reached or just passed
)

// scanned bounds how many entries one page reads past that the hook does not
// see; the cursor then stands behind them.
const scanned = 20_000

// Teller reads what may be said about a change at this moment.
type Teller interface {
	Tell(ctx context.Context, c change.Change) (dialect.Event, error)
}

// Modes says how a hook is redacted at this moment.
type Modes interface {
	Effective(ctx context.Context, h hook.Hook) (redact.Mode, error)
}

// aheadAtOnce bounds what is read ahead: a page of large events ends early.
const aheadAtOnce = 128

// Config is what a Service works with; all fields but Ahead are required.
type Config struct {
	Log       Log
	Compactor Compactor
	Consumers Consumers
	Current   Current
	Teller    Teller
	Modes     Modes
	Cursors   cursor.Maker
	Now       func() time.Time
	// Ahead reads together what Teller is about to be asked for one by one of
	// the entries that a hook sees. It only saves time: what it can't read is read
	// when it is told. Nil where nothing is kept between reads.
	Ahead func(ctx context.Context, h hook.Hook, entries []Entry)
}

// Service reads the log for one hook. It is safe for concurrent use.
type Service struct{ cfg Config }

// New makes a Service.
func New(cfg Config) *Service { return &Service{cfg} }

// Request asks for a page. After is a seq, a cursor, "earliest" (also "") or
// "latest"; Limit 0 is defaultLimit, and a page of large events ends before
// it; Wait is how long to wait for a first event, where the cloud can.
type Request struct {
	After string
	Limit int
	Wait  time.Duration
}

// Item is one event of a page; Body is its redacted JSON.
type Item struct {
	Seq  int64
	Prev int64
	ID   string
	Body []byte
}

// Page is a part of the log as one hook sees it.
type Page struct {
	Items    []Item
	Next     string // cursor behind the last entry that was looked at
	HasMore  bool
	CaughtUp bool
	Bounds   Bounds
	Lag      Lag
}

// Lag is how far behind the head a page ends.
type Lag struct {
	Events int64
	Age    time.Duration // of the oldest entry not yet looked at; 0 when caught up
}

// Events reads a page. Reading consumes nothing. A place below the floor is
// fault.Compacted, with floor_seq, one ahead of the head fault.InvalidField;
// never a silent skip.
func (s *Service) Events(ctx context.Context, h hook.Hook, r Request) (Page, error) {
	if r.Limit == 0 {
		r.Limit = defaultLimit
	}
	if r.Limit < 1 || r.Limit > MaxLimit {
		return Page{}, fault.New(fault.InvalidField, "limit is %d; give 1 to %d", r.Limit, MaxLimit)
	}
	if r.Wait < 0 || r.Wait > MaxWait {
		return Page{}, fault.New(fault.InvalidField, "wait_ms is %d; give 0 to %d", r.Wait.Milliseconds(), MaxWait.Milliseconds())
	}
	after, err := s.after(ctx, h, r.After)
	if err != nil {
		return Page{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, r.Wait+readLimit)
	defer cancel()
	deadline := s.cfg.Now().Add(r.Wait)
	for waited := false; ; waited = true {
		page, at, err := s.page(ctx, h, after, r.Limit)
		left := deadline.Sub(s.cfg.Now())
		still := waited && at == after // the cloud can't wait
		if err != nil || len(page.Items) > 0 || left <= 0 || page.HasMore || still {
			return page, err
		}
		waiting, stop := context.WithTimeout(ctx, left)
		err = s.cfg.Log.Wait(waiting, h.Memory, at)
		ended := waiting.Err() != nil
		stop()
		if err != nil || ended {
			return page, err
		}
		after = at
	}
}

// readLimit is what reading itself may take beside the wait.
const readLimit = 30 * time.Second

// listing is what the cursors of a hook's events are bound to.
func listing(h hook.Hook) string { return "events\x00" + h.ID }

func (s *Service) cursor(ctx context.Context, h hook.Hook, seq int64) (string, error) {
	return s.cfg.Cursors.Make(ctx, h.Memory, listing(h), strconv.FormatInt(seq, 10))
}

// ReadCursor returns the seq that a cursor of this hook's events stands behind.
func (s *Service) ReadCursor(ctx context.Context, h hook.Hook, cursor string) (int64, error) {
	text, err := s.cfg.Cursors.Read(ctx, h.Memory, listing(h), cursor)
	if err != nil {
		return 0, err
	}
	seq, _ := seqOf(text)
	return seq, nil
}

// after turns a request's place into a seq.
func (s *Service) after(ctx context.Context, h hook.Hook, text string) (int64, error) {
	if seq, ok := seqOf(text); ok {
		return seq, nil
	}
	if text != "" && text != "earliest" && text != "latest" {
		return s.ReadCursor(ctx, h, text)
	}
	b, err := s.cfg.Log.Bounds(ctx, h.Memory)
	if err != nil {
		return 0, err
	}
	if text == "latest" {
		return b.Head, nil
	}
	return max(h.Since, b.Floor-1), nil
}

// errAhead refuses a place that nobody can have read up to: going on from it
// would pass over what comes until then.
func errAhead(seq int64, b Bounds) error {
	return fault.New(fault.InvalidField, "seq %d is ahead of the log's newest, %d: give a place that you have read", seq, b.Head)
}

// page reads what the hook sees after a seq, and how far it looked.
func (s *Service) page(ctx context.Context, h hook.Hook, after int64, limit int) (Page, int64, error) {
	mode, err := s.cfg.Modes.Effective(ctx, h)
	if err != nil {
		return Page{}, after, err
	}
	page := Page{Items: []Item{}}
	size := 0
	full := func() bool { return len(page.Items) == limit || size >= fullPage }
	for budget, atOnce := scanned, limit; budget > 0 && !full(); atOnce = min(4*atOnce, MaxLimit) {
		entries, err := s.cfg.Log.Read(ctx, h.Memory, after, min(atOnce, budget))
		if err != nil {
			return Page{}, after, err
		}
		if len(entries) == 0 {
			break
		}
		for i := range entries {
			if full() {
				break
			}
			if s.cfg.Ahead != nil && i%aheadAtOnce == 0 {
				s.cfg.Ahead(ctx, h, entries[i:min(i+aheadAtOnce, len(entries))])
			}
			after = entries[i].Seq
			budget--
			item, seen, err := s.item(ctx, h, mode, &entries[i])
			if err != nil {
				return Page{}, after, err
			}
			if seen {
				page.Items = append(page.Items, item)
				size += len(item.Body)
			}
		}
	}
	return page, after, s.finish(ctx, h, after, &page)
}

// item renders one entry for a hook, false where the hook does not see it.
func (s *Service) item(ctx context.Context, h hook.Hook, mode redact.Mode, e *Entry) (Item, bool, error) {
	match, ok := e.For(h.ID)
	if !ok {
		return Item{}, false, nil
	}
	c := e.Change
	c.Seq = e.Seq
	told, err := s.cfg.Teller.Tell(ctx, c)
	if err != nil {
		return Item{}, false, err
	}
	body, err := dialect.Body(h.Dialect, told, mode)
	if err != nil {
		return Item{}, false, fmt.Errorf("feed: render seq %d: %w", e.Seq, err)
	}
	return Item{Seq: e.Seq, Prev: match.Prev, ID: e.Change.EventID(), Body: body}, true, nil
}

// finish says where the page ends against the log.
func (s *Service) finish(ctx context.Context, h hook.Hook, at int64, page *Page) error {
	b, err := s.cfg.Log.Bounds(ctx, h.Memory)
	if err != nil {
		return err
	}
	if at > b.Head {
		return errAhead(at, b)
	}
	if page.Next, err = s.cursor(ctx, h, at); err != nil {
		return err
	}
	page.Bounds = b
	page.Lag.Events = max(0, b.Head-at)
	page.HasMore, page.CaughtUp = page.Lag.Events > 0, page.Lag.Events == 0
	if page.CaughtUp {
		return nil
	}
	rest, err := s.cfg.Log.Read(ctx, h.Memory, at, 1)
	if err == nil && len(rest) == 1 {
		page.Lag.Age = max(0, s.cfg.Now().Sub(time.UnixMilli(rest[0].Change.At)))
	}
	return err
}

// seqOf reads a plain seq; false where the text is no whole number from 0.
func seqOf(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n >= 0
}
