package roadtest

import (
	"context"
	"fmt"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/redact"
)

// maxHooks is how many hooks a schedule makes at most.
const maxHooks = 6

// subscriber is a hook and what its maker was told.
type subscriber struct {
	hook.Hook
	begun, made time.Time   // made: zero where nobody knows whether it was
	signings    []signing   // what may sign its POSTs
	modes       []since     // how much it may see
	quiet       []span      // when it may not be posted to
	turned      []time.Time // when calls that pause or resume it began, and ended
	active      time.Time   // when a call made it active that was not
	skips       []skip
	skippable   int64          // the log's head when it was last asked to be resumed at its end
	discards    map[int64]bool // seqs whose dead letters were asked to be discarded
	events      []string       // that it asked for; none = all
	filter      filter
	leaving     bool // its removal was asked for
	poller
}

// since is a setting from a time on: the loosest and the tightest that it can
// be, which differ while a change of it is under way, or had no answer.
type since struct {
	at          time.Time
	most, least redact.Mode
}

// span is a time in which no attempt may begin; to is zero while it lasts.
type span struct {
	from, to time.Time
	why      string
}

// skip is a resumption at the log's end: what stood in the log before and was
// not attempted never is.
type skip struct {
	at   time.Time
	head int64
}

func (r *run) subscribe(op Op) {
	if len(r.hooks) == maxHooks {
		return
	}
	h := &subscriber{begun: time.Now(), discards: map[int64]bool{}, poller: poller{saw: map[int64]bool{}}}
	h.ID, h.Memory = fmt.Sprintf("hook-%d", len(r.hooks)), r.home(op)
	modes := [...]redact.Mode{redact.Full, redact.Full, redact.MetadataOnly, redact.HashOnly}
	mode, retries, url := string(modes[op.B%4]), int(op.C%4), destination(h.ID)
	how := hook.Webhook
	set := hook.Settings{
		Name: &h.ID, Dialect: [...]string{dialect.Areev, dialect.REM, dialect.Standard}[op.B/4%3],
		Redaction: &mode, MaxRetries: &retries, Generate: op.C%2 == 0, Mode: &how, URL: &url,
	}
	if !set.Generate {
		set.Secret = given(op)
	}
	if len(r.hooks)%3 == 2 {
		how, set.URL = hook.CDC, nil
	}
	if op.B%5 == 4 {
		work := "work"
		only := &work
		set.Namespace = &only
	}
	h.asks(op, &set)
	h.Dialect, h.Mode, h.Redaction, h.MaxRetries, h.Secret = set.Dialect, how, modes[op.B%4], retries, nil
	if set.Namespace != nil {
		h.Namespace = *set.Namespace
	}
	ctx, cancel := request(nil)
	defer cancel()
	_, secret, err := r.Hooks.Create(ctx, h.Memory, r.draw(op), h.ID, "key", set)
	if err == nil {
		h.made = time.Now()
	} else if fault.KindOf(err) == fault.InvalidField {
		r.found(4, "a hook with the filter %v and the events %v was refused: %v", h.filter, h.events, err)
	}
	r.signed(h, set, secret, err)
	h.modes = []since{{h.begun, h.Redaction, h.Redaction}}
	r.hooks = append(r.hooks, h)
	r.receivers.behave(h.ID, ways[op.A/4%uint32(len(ways))])
}

// asks draws what a hook asks for: some events, a filter, both, or all.
func (h *subscriber) asks(op Op, set *hook.Settings) {
	if drawn := op.A / 64 % uint32(2*len(filters)); drawn < uint32(len(filters)) {
		tree := any(nil)
		h.filter, tree = parsed(filters[drawn])
		set.Filter = &tree
	}
	if op.C/4%4 == 0 {
		for _, cause := range [...]events.Cause{events.Created, events.Forgotten, events.Erased} {
			if name := title(set.Dialect, cause); name != "" {
				h.events = append(h.events, name)
			}
		}
		set.Events = &h.events
	}
}

// lure tries to have a hook made for a forbidden address, or one led to it.
func (r *run) lure(op Op) {
	urls := [...]string{
		"http://127.0.0.1/", "https://[::1]/", "http://0x7f.1/", "http://2130706433/", "http://169.254.169.254/latest/meta-data/",
		"http://[::ffff:10.0.0.1]/", "http://10.0.0.1:8080/", "https://user:word@hook.example/", "gopher://hook.example/",
	}
	url := urls[op.A/4%uint32(len(urls))]
	ctx, cancel := request(nil)
	defer cancel()
	h, some := r.some(op, hook.Webhook)
	var err error
	if some && op.C%2 == 0 {
		_, err = r.Hooks.Change(ctx, h.Memory, r.draw(op), h.ID, "key", hook.Settings{URL: &url})
	} else {
		name, how := "lure", hook.Webhook
		_, _, err = r.Hooks.Create(ctx, r.home(op), r.draw(op), "lure", "key", hook.Settings{Name: &name, Mode: &how, URL: &url, Dialect: dialect.Areev})
	}
	if err == nil {
		r.found(6, "a hook was led to %s", url)
	}
}

// some is a hook that stands, as far as anybody knows.
func (r *run) some(op Op, mode hook.Mode) (*subscriber, bool) {
	for i := range r.hooks {
		h := r.hooks[(int(op.B)+i)%len(r.hooks)]
		if h.Mode == mode && !h.leaving && !h.made.IsZero() {
			return h, true
		}
	}
	return nil, false
}

func (r *run) behave(op Op) {
	if h, ok := r.some(op, hook.Webhook); ok {
		r.receivers.behave(h.ID, ways[op.A%uint32(len(ways))])
	}
}

func (r *run) pause(op Op) {
	h, ok := r.some(op, hook.Webhook)
	if !ok {
		return
	}
	ctx, cancel := request(nil)
	defer cancel()
	off := false
	h.awake(time.Now()) // it may be paused by an earlier call
	if err := r.turnHook(ctx, r.draw(op), h, hook.Settings{Active: &off}); err == nil {
		h.quiet = append(h.quiet, span{from: time.Now(), why: "it was paused"})
	}
}

// turnHook pauses or resumes a hook.
func (r *run) turnHook(ctx context.Context, d change.Draw, h *subscriber, set hook.Settings) error {
	h.turned = append(h.turned, time.Now())
	_, err := r.Hooks.Change(ctx, h.Memory, d, h.ID, "key", set)
	h.turned = append(h.turned, time.Now())
	return err
}

// awake ends what kept a hook from being posted to.
func (h *subscriber) awake(at time.Time) {
	if n := len(h.quiet); n > 0 && h.quiet[n-1].to.IsZero() {
		h.quiet[n-1].to = at
	}
}

func (r *run) resume(op Op) {
	if h, ok := r.some(op, hook.Webhook); ok {
		r.resumeAs(op, h, "backlog")
	}
}

func (r *run) resumeLatest(op Op) {
	h, ok := r.some(op, hook.Webhook)
	if !ok {
		return
	}
	r.learn()
	head := int64(len(r.log[h.Memory]))
	resumed := r.resumeAs(op, h, "latest")
	r.learn() // others may have been told of meanwhile
	h.skippable = int64(len(r.log[h.Memory]))
	if resumed {
		h.skips = append(h.skips, skip{time.Now(), head})
	}
}

func (r *run) resumeAs(op Op, h *subscriber, where string) bool {
	ctx, cancel := request(nil)
	defer cancel()
	on := true
	h.awake(time.Now())
	was, unread := r.look().Hooks.Get(ctx, h.Memory, h.ID)
	if err := r.turnHook(ctx, r.draw(op), h, hook.Settings{Active: &on, Resume: where}); err != nil {
		return false
	}
	if unread == nil && was.State != hook.Active {
		h.active = time.Now()
	}
	return true
}

// redact changes how much a hook may see.
func (r *run) redact(op Op) {
	h, ok := r.some(op, hook.Webhook)
	if !ok {
		return
	}
	mode := [...]redact.Mode{redact.Full, redact.MetadataOnly, redact.HashOnly}[op.A%3]
	asked := h.modes[len(h.modes)-1]
	asked.at = time.Now()
	if asked.most.TighterThan(mode) {
		asked.most = mode
	} else if mode.TighterThan(asked.least) {
		asked.least = mode
	}
	h.modes = append(h.modes, asked)
	ctx, cancel := request(nil)
	defer cancel()
	text := string(mode)
	if _, err := r.Hooks.Change(ctx, h.Memory, r.draw(op), h.ID, "key", hook.Settings{Redaction: &text}); err == nil {
		h.modes = append(h.modes, since{time.Now(), mode, mode})
	}
}

func (r *run) unsubscribe(op Op) {
	h, ok := r.some(op, hook.Webhook)
	if !ok {
		return
	}
	h.leaving = true
	ctx, cancel := request(nil)
	defer cancel()
	h.awake(time.Now())
	if err := r.Hooks.Remove(ctx, h.Memory, h.ID); err == nil {
		h.quiet = append(h.quiet, span{from: time.Now(), why: "it was deleted"})
	}
}

func (r *run) redrive(op Op) {
	if h, ok := r.some(op, hook.Webhook); ok {
		ctx, cancel := request(nil)
		defer cancel()
		_, _ = r.Cloud.Redriver.Redrive(ctx, h.Memory, h.ID, []int64{1 + int64(op.A%10), 1 + int64(op.C%30)}) // as far as it goes
	}
}

// discard closes a dead letter, where there is one.
func (r *run) discard(op Op) {
	h, ok := r.some(op, hook.Webhook)
	if !ok {
		return
	}
	ctx, cancel := request(nil)
	defer cancel()
	dead, _, err := r.Cloud.Ledger.List(ctx, h.Memory, delivery.Query{Hook: h.ID, Status: delivery.StatusDead, Limit: 5})
	if err == nil && len(dead) > 0 {
		j := dead[int(op.A)%len(dead)].Job
		h.discards[j.Entry.Seq] = true
		_ = r.Cloud.Redriver.Discard(ctx, h.Memory, h.ID, j.Entry.Seq, j.Redrive, "seen") // whether it happened or not, all is well
	}
}
