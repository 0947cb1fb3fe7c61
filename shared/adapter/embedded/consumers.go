package embedded

import (
	"context"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
)

// consumers is the port feed.Consumers.
type consumers struct{ d *db }

// Put is the port's: a consumer that is there keeps its own place.
func (s consumers) Put(ctx context.Context, m change.Memory, c feed.Consumer) (feed.Consumer, error) {
	return s.move(ctx, m, c, "INSERT INTO consumer (hook, name, acked, at) VALUES (?1,?2,?3,?4) ON CONFLICT DO UPDATE SET at=excluded.at")
}

// Ack is the port's.
func (s consumers) Ack(ctx context.Context, m change.Memory, c feed.Consumer) (feed.Consumer, error) {
	return s.move(ctx, m, c, "UPDATE consumer SET acked=max(acked, ?3), at=?4 WHERE hook=?1 AND name=?2")
}

func (s consumers) move(ctx context.Context, m change.Memory, c feed.Consumer, query string) (feed.Consumer, error) {
	stands := c
	err := s.d.writer.do(ctx, func(t *tx) error {
		in, err := t.existing(m)
		if err != nil {
			return err
		}
		h := in.hooks.byID[c.Hook]
		if h == nil {
			return fault.New(fault.NotFound, "there is no hook %q", c.Hook)
		}
		changed, err := t.exec(query, h.n, c.Name, c.Acked, c.At.UnixMilli())
		if err != nil {
			return err
		}
		if changed == 0 {
			return fault.New(fault.NotFound, "hook %q has no consumer %q: make it first", c.Hook, c.Name)
		}
		_, err = t.row("SELECT acked FROM consumer WHERE hook=? AND name=?", []any{h.n, c.Name}, &stands.Acked)
		return err
	})
	return stands, err
}

// List is the port's.
func (s consumers) List(ctx context.Context, m change.Memory, hook string) ([]feed.Consumer, error) {
	h, err := s.d.hookByID(ctx, m, hook)
	if err != nil {
		return nil, err
	}
	if h == nil {
		return nil, fault.New(fault.NotFound, "there is no hook %q", hook)
	}
	var all []feed.Consumer
	err = s.d.rows(ctx, "SELECT name, acked, at FROM consumer WHERE hook=? ORDER BY name", []any{h.n},
		func(scan func(...any) error) error {
			c := feed.Consumer{Hook: hook}
			var at int64
			err := scan(&c.Name, &c.Acked, &at)
			c.At = time.UnixMilli(at).UTC()
			all = append(all, c)
			return err
		})
	return all, err
}
