package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/memhooks/memhooks/local/listen"
	"github.com/memhooks/memhooks/local/terminal"
	"github.com/memhooks/memhooks/shared/httpapi/client"
)

// session is one run of listen.
type session struct {
	listenCommand

	w      world
	hook   followed
	made   bool // the hook is deleted at the end
	to     *listen.Forwarder
	seen   int
	failed []int64 // the seqs of events that were passed over
	last   int64   // the seq of the last event that is done with
}

// followed is what is known of the hook.
type followed struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Dialect string `json:"dialect"`
}

// errEnough ends a session that has seen its count.
var errEnough = errors.New("enough")

// handle prints an event and forwards it.
func (s *session) handle(ctx context.Context, e listen.Event) error {
	var outcome *listen.Outcome
	if s.to != nil {
		o := s.to.Forward(ctx, e)
		if o.Error != "" && ctx.Err() != nil {
			return nil // interrupted: it is not done with
		}
		if outcome = &o; o.Error != "" {
			s.failed = append(s.failed, e.Seq)
		}
	}
	s.seen++
	s.last = e.Seq
	if err := s.tell(e, outcome); err != nil {
		return err
	}
	if s.Count != nil && s.seen == *s.Count {
		return errEnough
	}
	return nil
}

// tell prints one event: a line for programs, two or three for people.
func (s *session) tell(e listen.Event, o *listen.Outcome) error {
	if s.JSON {
		line := json.NewEncoder(s.w.screen.Out)
		line.SetEscapeHTML(false)
		return line.Encode(struct {
			listen.Event
			Forward *listen.Outcome `json:"forward,omitempty"`
		}{e, o})
	}
	body, _ := client.Parse(e.Body) // what does not parse has no name
	name := terminal.Clean(body.Text("event_type") + body.Text("event") + body.Text("type"))
	lines := fmt.Sprintf("#%d  %s  %s\n    %s\n", e.Seq, name, e.ID, terminal.Clean(string(e.Body)))
	if o != nil {
		word, how := "delivered", fmt.Sprintf("answered %d in %s", o.Status, o.Took.Round(time.Millisecond))
		if o.Error != "" {
			word, how = "failed", terminal.Clean(o.Error)
		}
		lines += fmt.Sprintf("    %s: %s %s\n", s.w.screen.Tone(word), s.Forward, how)
	}
	_, err := fmt.Fprint(s.w.screen.Out, lines)
	return err
}

// passed keeps the place behind a page.
func (s *session) passed(ctx context.Context, cursor string) error {
	if s.Resume == "" {
		return nil
	}
	_, err := s.client(s.w).Do(ctx, http.MethodPost, s.path("hooks", s.hook.ID, "consumers", s.Resume, "ack"), nil, map[string]any{"cursor": cursor})
	return err
}

func (s *session) lost(err error) {
	s.say("the connection broke, trying again: %v", s.explain(context.Background(), err))
}

// say tells the person, beside the events.
func (s *session) say(format string, args ...any) {
	fmt.Fprintf(s.w.screen.Err, format+"\n", args...)
}

// goodbye is how long what is left to do at the end may take.
const goodbye = 5 * time.Second

// end keeps the place, deletes a hook that was made, and sums up. The
// context's end is why it runs, so it has a time of its own.
func (s *session) end(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
	defer cancel()
	if s.last > 0 {
		if err := s.passed(ctx, decimal(s.last)); err != nil {
			s.say("the place was not kept, the last events come again: %v", s.explain(ctx, err))
		}
	}
	if s.made {
		if _, err := s.call(ctx, s.w, "DELETE", s.path("hooks", s.hook.ID), nil, nil); err != nil {
			s.say("the hook could not be deleted: %v; do it with %s", err, s.hint("hooks delete "+s.hook.ID))
		}
	}
	if s.hook.ID != "" {
		s.say("%s", s.summary())
	}
}

// shownSeqs is how many events that failed are named at the end.
const shownSeqs = 10

// passedOver names the events that failed: going on does not send them again.
func (s *session) passedOver() string {
	if len(s.failed) == 0 {
		return ""
	}
	var names []string
	for _, seq := range s.failed[:min(len(s.failed), shownSeqs)] {
		names = append(names, "#"+decimal(seq))
	}
	if more := len(s.failed) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	return fmt.Sprintf(" and passed over (%s)", strings.Join(names, " "))
}

func (s *session) summary() string {
	parts := []string{fmt.Sprintf("%d events", s.seen)}
	if s.seen == 1 {
		parts[0] = "1 event"
	}
	if s.to != nil {
		parts = append(parts, fmt.Sprintf("%d forwarded", s.seen-len(s.failed)), fmt.Sprintf("%d failed", len(s.failed))+s.passedOver())
	}
	text := strings.Join(parts, ", ")
	switch {
	case s.Resume != "":
		text += "; the same command goes on from here"
	case !s.made && s.last > 0:
		text += fmt.Sprintf("; --from %d goes on from here", s.last)
	}
	return text
}
