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
	recentDead    = 200  // dead letters of a hook, or of all hooks together
	mostDead      = 4000 // of hooks that are asked one by one
	fewHooks      = 20   // that are asked so at once; more only where all their dead letters together are too many
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
	Unnamed     int // that need attention beyond those
}

// Attention is something about a hook that a person should look at. Kind is
// held, disabled, dead or paused; Count is how many deliveries are concerned,
// among those that were looked at.
type Attention struct {
	Hook    hook.Hook
	Kind    string
	Count   int
	More    bool // there may be more than were counted
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
	many    map[string]bool                       // hooks with more dead letters than were read
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
		Dead: len(r.open[delivery.StatusDead]), MoreDead: r.more[delivery.StatusDead],
		Pending: len(r.open[delivery.StatusPending]), MorePending: r.more[delivery.StatusPending],
	}
	out.Attention, out.Unnamed = r.attention()
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
	r.open, r.more, r.many = map[delivery.Status][]delivery.Record{}, map[delivery.Status]bool{}, map[string]bool{}
	oneByOne := r.Hook != "" || len(r.hooks) <= fewHooks
	err := s.ask(ctx, m, r, r.questions(oneByOne))
	if err == nil && !oneByOne && r.more[delivery.StatusDead] {
		r.open[delivery.StatusDead], r.more[delivery.StatusDead] = nil, false
		err = s.ask(ctx, m, r, r.letters())
	}
	if err != nil {
		return err
	}
	from := max(b.Floor, b.Head+1-int64(r.Recent))
	if n := len(r.records); n > 0 && r.cut {
		from = max(from, r.records[n-1].Job.Entry.Seq)
	}
	r.whole = from == b.Floor
	r.entries, err = s.span(ctx, m, from, b.Head)
	return err
}

// ask asks the ledger, and keeps what it answers.
func (s *Service) ask(ctx context.Context, m change.Memory, r *recent, asked []delivery.Query) error {
	found, cut := make([][]delivery.Record, len(asked)), make([]bool, len(asked))
	err := side(len(asked), func(i int) error {
		records, next, err := s.cfg.Ledger.List(ctx, m, asked[i])
		if fault.KindOf(err) == fault.NotFound { // it was deleted meanwhile
			err = nil
		}
		found[i], cut[i] = records, next != ""
		return err
	})
	for i, q := range asked {
		if q.Status == "" {
			r.records, r.cut = found[i], cut[i]
			continue
		}
		r.open[q.Status] = append(r.open[q.Status], found[i]...)
		r.more[q.Status] = r.more[q.Status] || cut[i]
		if q.Status == delivery.StatusDead && q.Hook != "" {
			r.many[q.Hook] = cut[i]
		}
	}
	return err
}

// questions ask for the newest deliveries, for what waits, and for dead letters.
func (r *recent) questions(oneByOne bool) []delivery.Query {
	all := []delivery.Query{
		{Hook: r.Hook, Limit: r.Recent},
		{Hook: r.Hook, Status: delivery.StatusPending, Limit: r.Recent},
		{Hook: r.Hook, Status: delivery.StatusHeld, Limit: r.Recent},
	}
	if oneByOne {
		return append(all, r.letters()...)
	}
	return append(all, delivery.Query{Status: delivery.StatusDead, Limit: recentDead})
}

// letters ask for dead letters hook by hook, so that the many of one hide no
// other's.
func (r *recent) letters() (all []delivery.Query) {
	limit := recentDead
	if n := len(r.hooks); n > 0 {
		limit = min(limit, mostDead/n)
	}
	for _, h := range r.hooks {
		if h.Mode == hook.Webhook {
			all = append(all, delivery.Query{Hook: h.ID, Status: delivery.StatusDead, Limit: limit})
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

// attention lists what a person should look at, and counts what the list has no
// room for.
func (r *recent) attention() (out []Attention, unnamed int) {
	waiting, dead := map[string]int{}, map[string]int{}
	for i := range r.open[delivery.StatusHeld] {
		waiting[r.open[delivery.StatusHeld][i].Job.Hook]++
	}
	for i := range r.open[delivery.StatusDead] {
		dead[r.open[delivery.StatusDead][i].Job.Hook]++
	}
	for _, a := range attentions {
		for _, h := range r.hooks {
			count, concerned := waiting[h.ID], h.State == a.state
			more := r.more[delivery.StatusHeld]
			if a.state == "" {
				count, more = dead[h.ID], r.many[h.ID]
				concerned = count > 0
			}
			switch {
			case !concerned:
			case len(out) == mostAttention:
				unnamed++
			default:
				out = append(out, Attention{h, a.kind, count, more, a.message})
			}
		}
	}
	return out, unnamed
}
