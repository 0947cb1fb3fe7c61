package aws

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
)

// consumers is the port feed.Consumers.
type consumers struct{ a *Adapter }

// The attributes of a consumer's row. Its sort key holds the name in hex, which
// keeps the order of the bytes.
const (
	consumerAcked = "acked"
	consumerAt    = "at" // epoch milliseconds
)

func consumerKey(m change.Memory, c feed.Consumer) table.Key {
	return table.Key{Part: hookPart(m, c.Hook), Sort: sortReader + hex.EncodeToString([]byte(c.Name))}
}

// Put is the port's: a consumer that is there keeps its own place.
func (s consumers) Put(ctx context.Context, m change.Memory, c feed.Consumer) (feed.Consumer, error) {
	key := consumerKey(m, c)
	err := s.a.cfg.Main.Write(ctx,
		table.Op{Key: key, Set: table.Row{consumerAcked: c.Acked, consumerAt: c.At.UnixMilli()}, If: table.Absent},
		table.Op{Action: table.Check, Key: hookKey(m, c.Hook), If: table.Present},
	)
	var refused *table.ConditionError
	switch {
	case errors.As(err, &refused) && refused.At == 0:
		return s.stays(ctx, m, c, refused.Row)
	case errors.As(err, &refused):
		return c, noHook(c.Hook)
	case err != nil:
		return c, fmt.Errorf("make consumer %q: %w", c.Name, err)
	}
	return c, nil
}

// Ack is the port's.
func (s consumers) Ack(ctx context.Context, m change.Memory, c feed.Consumer) (feed.Consumer, error) {
	err := s.a.cfg.Main.Write(ctx, table.Op{
		Action: table.Update, Key: consumerKey(m, c), Set: table.Row{consumerAcked: c.Acked, consumerAt: c.At.UnixMilli()},
		If: []table.Clause{{Name: consumerAcked, Is: table.Less, Value: c.Acked + 1}},
	})
	if refused := (*table.ConditionError)(nil); errors.As(err, &refused) {
		return s.stays(ctx, m, c, refused.Row)
	}
	if err != nil {
		return c, fmt.Errorf("move consumer %q: %w", c.Name, err)
	}
	return c, nil
}

// stays notes that a consumer was heard of and answers with the place where it
// stands; row is what it was found to be, nil where it is not there.
func (s consumers) stays(ctx context.Context, m change.Memory, c feed.Consumer, row table.Row) (feed.Consumer, error) {
	if row == nil {
		return c, noConsumer(c)
	}
	c.Acked = row.Number(consumerAcked)
	err := s.a.cfg.Main.Write(ctx, table.Op{
		Action: table.Update, Key: consumerKey(m, c), Set: table.Row{consumerAt: c.At.UnixMilli()}, If: table.Present,
	})
	if refused := (*table.ConditionError)(nil); errors.As(err, &refused) {
		return c, noConsumer(c)
	}
	if err != nil {
		return c, fmt.Errorf("note consumer %q: %w", c.Name, err)
	}
	return c, nil
}

func noConsumer(c feed.Consumer) error {
	return fault.New(fault.NotFound, "hook %q has no consumer %q: make it first", c.Hook, c.Name)
}

// List is the port's.
func (s consumers) List(ctx context.Context, m change.Memory, hook string) ([]feed.Consumer, error) {
	if _, err := s.a.hookRow(ctx, m, hook); err != nil {
		return nil, err
	}
	var all []feed.Consumer
	err := s.a.eachConsumer(ctx, m, hook, func(c feed.Consumer) { all = append(all, c) })
	return all, err
}

// eachConsumer calls each with a hook's consumers by name.
func (a *Adapter) eachConsumer(ctx context.Context, m change.Memory, hook string, each func(feed.Consumer)) error {
	q := table.Query{Part: hookPart(m, hook)}
	q.From, q.To = table.Prefix(sortReader)
	err := a.eachRow(ctx, q, func(f table.Found) error {
		name, err := hex.DecodeString(strings.TrimPrefix(f.Sort, sortReader))
		each(feed.Consumer{
			Hook: hook, Name: string(name), Acked: f.Row.Number(consumerAcked), At: time.UnixMilli(f.Row.Number(consumerAt)).UTC(),
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("read the consumers of hook %s: %w", hook, err)
	}
	return nil
}
