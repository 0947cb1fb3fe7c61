package feed

import (
	"context"
	"time"

	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/hook"
)

// LiveFor is how long after its last ack a consumer still holds the log.
const LiveFor = 7 * 24 * time.Hour

const maxConsumerName = 128

// Place is a consumer as it is shown: where to go on, and how far behind it is.
// Expired is how much of that the log's hard limit took: where there is any, the
// consumer goes on from a snapshot.
type Place struct {
	Consumer
	Cursor  string
	Live    bool
	Lag     int64
	Expired int64
}

// Register makes a named consumer at a place (as Request.After), or answers
// with the one that is there, which keeps its own place.
func (s *Service) Register(ctx context.Context, h hook.Hook, name, after string) (Place, error) {
	if name == "" || len(name) > maxConsumerName {
		return Place{}, fault.New(fault.InvalidField, "a consumer's name has 1 to %d bytes", maxConsumerName)
	}
	there, err := s.ConsumerOf(ctx, h, name)
	if fault.KindOf(err) != fault.NotFound {
		return there, err
	}
	seq, err := s.read(ctx, h, after)
	if err != nil {
		return Place{}, err
	}
	if _, err := s.cfg.Log.Read(ctx, h.Memory, seq, 1); err != nil { // a place that can't be read from is none
		return Place{}, err
	}
	c, err := s.cfg.Consumers.Put(ctx, h.Memory, Consumer{Hook: h.ID, Name: name, Acked: seq, At: s.cfg.Now()})
	if err != nil {
		return Place{}, err
	}
	return s.shown(ctx, h, c)
}

// Ack says that a consumer is done with everything up to a cursor. An ack that
// would go back answers with what stands.
func (s *Service) Ack(ctx context.Context, h hook.Hook, name, cursor string) (Place, error) {
	seq, err := s.read(ctx, h, cursor)
	if err != nil {
		return Place{}, err
	}
	c, err := s.cfg.Consumers.Ack(ctx, h.Memory, Consumer{Hook: h.ID, Name: name, Acked: seq, At: s.cfg.Now()})
	if err != nil {
		return Place{}, err
	}
	return s.shown(ctx, h, c)
}

// read is a place that a consumer can have read up to.
func (s *Service) read(ctx context.Context, h hook.Hook, place string) (int64, error) {
	seq, err := s.after(ctx, h, place)
	if err != nil {
		return 0, err
	}
	b, err := s.cfg.Log.Bounds(ctx, h.Memory)
	if err == nil && seq > b.Head {
		err = errAhead(seq, b)
	}
	return seq, err
}

// ConsumersOf lists a hook's consumers by name.
func (s *Service) ConsumersOf(ctx context.Context, h hook.Hook) ([]Place, error) {
	all, err := s.cfg.Consumers.List(ctx, h.Memory, h.ID)
	if err != nil {
		return nil, err
	}
	out := make([]Place, len(all))
	for i, c := range all {
		if out[i], err = s.shown(ctx, h, c); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// ConsumerOf returns one consumer, fault.NotFound where there is none.
func (s *Service) ConsumerOf(ctx context.Context, h hook.Hook, name string) (Place, error) {
	all, err := s.ConsumersOf(ctx, h)
	if err != nil {
		return Place{}, err
	}
	for _, p := range all {
		if p.Name == name {
			return p, nil
		}
	}
	return Place{}, fault.New(fault.NotFound, "no consumer of that name: make it with PUT first")
}

func (s *Service) shown(ctx context.Context, h hook.Hook, c Consumer) (Place, error) {
	b, err := s.cfg.Log.Bounds(ctx, h.Memory)
	if err != nil {
		return Place{}, err
	}
	cursor, err := s.cursor(ctx, h, c.Acked)
	return Place{
		Consumer: c,
		Cursor:   cursor,
		Live:     s.cfg.Now().Sub(c.At) < LiveFor,
		Lag:      max(0, b.Head-c.Acked),
		Expired:  max(0, b.Floor-1-c.Acked),
	}, err
}
