package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/memhooks/memhooks/shared/httpapi/client"
)

type replayCommand struct {
	inMemory

	Hook        string `arg:"" help:"The hook's id, or its name."`
	FromSeq     *int64 `placeholder:"SEQ" help:"From this seq on; the log's oldest by default."`
	ToSeq       *int64 `placeholder:"SEQ" help:"Up to this seq; the newest by default."`
	From        string `placeholder:"TIME" help:"Events since then: RFC 3339, or how long ago, as in 90m."`
	To          string `placeholder:"TIME" help:"Events before then."`
	FailedSince string `placeholder:"TIME" help:"All dead letters with a last attempt since then."`
	DryRun      bool   `help:"Only count."`
}

// span is the request that says which events are sent again.
type span struct {
	FromSeq     int64  `json:"from_seq,omitempty"`
	ToSeq       int64  `json:"to_seq,omitempty"`
	From        string `json:"from,omitempty"`
	To          string `json:"to,omitempty"`
	FailedSince string `json:"failed_since,omitempty"`
	DryRun      bool   `json:"dry_run,omitempty"`
}

// replayed is what was sent again, over all calls.
type replayed struct {
	Matched    int      `json:"matched"`
	Redriven   int      `json:"redriven"`
	DryRun     bool     `json:"dry_run,omitempty"`
	Deliveries []string `json:"deliveries"`
}

// Run replays, call after call until nothing is left.
func (c replayCommand) Run(ctx context.Context, w world) error {
	what, err := c.span(w.now())
	if err != nil {
		return err
	}
	id, err := c.hookID(ctx, w, c.Hook)
	if err != nil {
		return err
	}
	total := 1
	if w.screen.Live && !c.DryRun {
		counted, err := c.whole(ctx, w, id, what, func(int) {})
		if err != nil {
			return err
		}
		total = counted.Matched
	}
	what.DryRun = c.DryRun
	bar := w.screen.Bar("sending again", total)
	all, err := c.whole(ctx, w, id, what, bar.At)
	bar.End()
	if err != nil {
		return err
	}
	raw, err := json.Marshal(all)
	if err != nil {
		return err
	}
	return c.print(w, raw)
}

// span is what the flags ask for, as a dry run.
func (c *replayCommand) span(now time.Time) (s span, err error) {
	for _, flag := range []struct {
		name  string
		given *int64
		into  *int64
	}{{"--from-seq", c.FromSeq, &s.FromSeq}, {"--to-seq", c.ToSeq, &s.ToSeq}} {
		switch {
		case flag.given == nil:
		case *flag.given < 1:
			return s, usagef("%s is %d: the first seq is 1", flag.name, *flag.given)
		default:
			*flag.into = *flag.given
		}
	}
	for _, flag := range []struct {
		name, given string
		into        *string
	}{{"--from", c.From, &s.From}, {"--to", c.To, &s.To}, {"--failed-since", c.FailedSince, &s.FailedSince}} {
		if *flag.into, err = since(flag.name, flag.given, now); err != nil {
			return s, err
		}
	}
	if s == (span{}) {
		return s, usagef("say which events: --from-seq and --to-seq, --from and --to, or --failed-since")
	}
	s.DryRun = true
	return s, nil
}

// whole makes one call after the other, as many as the log needs.
func (c *replayCommand) whole(ctx context.Context, w world, hook string, what span, at func(int)) (replayed, error) {
	all := replayed{DryRun: what.DryRun, Deliveries: []string{}}
	for {
		raw, err := c.call(ctx, w, "POST", c.path("hooks", hook, "replay"), nil, what)
		if err != nil {
			if all.Redriven > 0 {
				err = fmt.Errorf("%w (%d events are on their way again; go on with --from-seq %d)", err, all.Redriven, what.FromSeq)
			}
			return all, err
		}
		some, err := client.Parse(raw)
		if err != nil {
			return all, err
		}
		all.Matched += int(some.Int("matched"))
		all.Redriven += int(some.Int("redriven"))
		all.Deliveries = append(all.Deliveries, some.Texts("deliveries")...)
		at(all.Matched)
		if what.FromSeq = some.Int("next_seq"); what.FromSeq == 0 {
			return all, nil
		}
	}
}
