package inspect

import (
	"context"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
)

// What an activity is made of at most.
const (
	MostRecent    = 1000 // events, and deliveries
	recentDead    = 200  // dead letters, of each hook that is asked
	fewHooks      = 20   // that are asked one by one
	mostAttention = 100
)

// Activity is how a memory, or one of its hooks, went lately: as far back as
// the newest entries of the log and the newest deliveries tell both.
type Activity struct {
	Series
	Bounds      feed.Bounds
	States      map[hook.State]int // of the hooks
	Hooks       int
	Dead        int
	MoreDead    bool // there may be more than were counted
	Pending     int
	Oldest      time.Duration // since the event of the oldest that were counted
	MorePending bool          // there may be more than were counted
	Attention   []Attention
}

// Attention is something about a hook that a person should look at. Kind is
// held, disabled, dead or paused; Count is how many deliveries are concerned,
// among those that were looked at.
type Attention struct {
	Hook    hook.Hook
	Kind    string
	Count   int
	Message string
}

// Extent says what an activity is of, and made of: at most Recent events and as
// many deliveries, 1 to MostRecent.
type Extent struct {
	Hook   string // its id; "" = all hooks
	Recent int
}

// recent is what was read for an activity.
type recent struct {
	Extent
	hooks   []hook.Hook
	records []delivery.Record                     // the newest first
	cut     bool                                  // there are older records
	entries []feed.Entry                          // from where on both are known, the newest last
	whole   bool                                  // that is all that the log holds
	open    map[delivery.Status][]delivery.Record // dead, pending and held ones
	more    map[delivery.Status]bool              // there may be more of them
}

// Activity reads how it went until now.
func (s *Service) Activity(ctx context.Context, m change.Memory, of Extent, now time.Time) (Activity, error) {
	hooks, err := s.hooks(ctx, m, of.Hook)
	if err != nil {
		return Activity{}, err
	}
	b, err := s.cfg.Log.Bounds(ctx, m)
	if err != nil {
		return Activity{}, err
	}
	r := recent{Extent: of, hooks: hooks}
	if err := s.read(ctx, m, b, &r); err != nil {
		return Activity{}, err
	}
	out := Activity{
		Series: r.series(of.Hook, now), Bounds: b, Hooks: len(hooks), States: map[hook.State]int{},
		Dead: len(r.open[delivery.StatusDead]), MoreDead: r.more[delivery.StatusDead], Attention: r.attention(),
		Pending: len(r.open[delivery.StatusPending]), MorePending: r.more[delivery.StatusPending],
	}
	for _, h := range hooks {
		out.States[h.State]++
	}
	for _, rec := range r.open[delivery.StatusPending] {
		out.Oldest = max(out.Oldest, now.Sub(time.UnixMilli(rec.Job.Entry.Change.At)))
	}
	return out, nil
}

// hooks lists a memory's hooks, or the one that is meant; fault.NotFound where
// it is not there.
func (s *Service) hooks(ctx context.Context, m change.Memory, of string) ([]hook.Hook, error) {
	all, err := s.cfg.Hooks.List(ctx, m)
	if err != nil || of == "" {
		return all, err
	}
	for _, h := range all {
		if h.ID == of {
			return []hook.Hook{h}, nil
		}
	}
	return nil, fault.New(fault.NotFound, "there is no hook %q in this memory", of)
}

// read reads the deliveries, and then as much of the log as they tell of.
func (s *Service) read(ctx context.Context, m change.Memory, b feed.Bounds, r *recent) error {
	asked := append(r.questions(), delivery.Query{Hook: r.Hook, Limit: r.Recent})
	found, cut := make([][]delivery.Record, len(asked)), make([]bool, len(asked))
	err := side(len(asked), func(i int) error {
		records, next, err := s.cfg.Ledger.List(ctx, m, asked[i])
		if fault.KindOf(err) == fault.NotFound { // it was deleted meanwhile
			err = nil
		}
		found[i], cut[i] = records, next != ""
		return err
	})
	if err != nil {
		return err
	}
	last := len(asked) - 1
	r.records, r.cut = found[last], cut[last]
	r.open, r.more = map[delivery.Status][]delivery.Record{}, map[delivery.Status]bool{}
	for i, q := range asked[:last] {
		r.open[q.Status] = append(r.open[q.Status], found[i]...)
		r.more[q.Status] = r.more[q.Status] || cut[i]
	}
	from := max(b.Floor, b.Head+1-int64(r.Recent))
	if n := len(r.records); n > 0 && r.cut {
		from = max(from, r.records[n-1].Job.Entry.Seq)
	}
	r.whole = from == b.Floor
	r.entries, err = s.span(ctx, m, from, b.Head)
	return err
}

// questions ask for what waits, and for dead letters: for these hook by hook where
// hooks are few, so that the many of one hide no other's.
func (r *recent) questions() []delivery.Query {
	all := []delivery.Query{
		{Hook: r.Hook, Status: delivery.StatusPending, Limit: r.Recent},
		{Hook: r.Hook, Status: delivery.StatusHeld, Limit: r.Recent},
	}
	if r.Hook != "" || len(r.hooks) > fewHooks {
		return append(all, delivery.Query{Hook: r.Hook, Status: delivery.StatusDead, Limit: recentDead})
	}
	for _, h := range r.hooks {
		if h.Mode == hook.Webhook {
			all = append(all, delivery.Query{Hook: h.ID, Status: delivery.StatusDead, Limit: recentDead})
		}
	}
	return all
}

// attentions are the states of a hook that a person should look at, in the
// order of their weight.
var attentions = []struct {
	state   hook.State // "" = whatever it is
	kind    string
	message string
}{
	{hook.Disabled, "disabled", "its receiver answered 410 and nothing is sent: delete the hook, or resume it when the receiver is back"},
	{hook.Held, "held", "too many deliveries in a row gave up and nothing is sent: see what its receiver answers, mend that, then resume the hook"},
	{"", "dead", "deliveries gave up: see what its receiver answered, then redrive them or close them"},
	{hook.Paused, "paused", "it was paused by hand: resume it from its backlog or from the log's end"},
}

// attention lists what a person should look at.
func (r *recent) attention() []Attention {
	waiting, dead := map[string]int{}, map[string]int{}
	for i := range r.open[delivery.StatusHeld] {
		waiting[r.open[delivery.StatusHeld][i].Job.Hook]++
	}
	for i := range r.open[delivery.StatusDead] {
		dead[r.open[delivery.StatusDead][i].Job.Hook]++
	}
	var out []Attention
	for _, a := range attentions {
		for _, h := range r.hooks {
			count, concerned := waiting[h.ID], h.State == a.state
			if a.state == "" {
				count = dead[h.ID]
				concerned = count > 0
			}
			if concerned && len(out) < mostAttention {
				out = append(out, Attention{h, a.kind, count, a.message})
			}
		}
	}
	return out
}
