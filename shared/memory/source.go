package memory

import (
	"context"
	"errors"
	"fmt"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

// Tell reads what may be said about a change at this moment: its content is
// opened now, so that what was forgotten or erased meanwhile is told as gone; by
// its Seq also what was added again after that. What is damaged is
// seal.ErrBroken.
func (s *Service) Tell(ctx context.Context, c change.Change) (dialect.Event, error) {
	e := dialect.Event{Change: c}
	switch c.Cause {
	case events.Created, events.Superseded:
		return s.tellGrain(ctx, e)
	default:
		return s.tellSealed(ctx, e)
	}
}

func (s *Service) tellGrain(ctx context.Context, e dialect.Event) (dialect.Event, error) {
	st, err := s.cfg.Store.Load(ctx, e.Change.Memory, store.Ref{Hash: e.Change.Hash})
	switch {
	case fault.KindOf(err) == fault.NotFound:
		e.Gone = dialect.Forgotten
		return e, nil
	case err != nil:
		return e, fmt.Errorf("memory: load grain %s: %w", e.Change.Hash, err)
	}
	if st.Box == nil {
		e.Gone = dialect.Forgotten
		if st.KeyID != "" && s.destroyed(ctx, e.Change.Memory, st.KeyID) {
			e.Gone = dialect.Erased
		}
		return e, nil
	}
	if seq := e.Change.Seq; seq != 0 && st.Seq != 0 && seq != st.Seq {
		e.Gone = dialect.Forgotten // it was, and the very grain was added again later
		return e, nil
	}
	return s.openInto(ctx, e, st.Box, st.Hash)
}

// destroyed says whether a key was destroyed: then its grain was erased rather
// than forgotten, or erased after that.
func (s *Service) destroyed(ctx context.Context, m change.Memory, keyID string) bool {
	key, found, err := s.cfg.Keys.KeyByID(ctx, vault(m), keyID)
	return err == nil && found && key.State == seal.Destroyed
}

func (s *Service) tellSealed(ctx context.Context, e dialect.Event) (dialect.Event, error) {
	if e.Change.Content == nil {
		return e, nil
	}
	return s.openInto(ctx, e, e.Change.Content, e.Change.ID)
}

func (s *Service) openInto(ctx context.Context, e dialect.Event, box []byte, bind string) (dialect.Event, error) {
	plain, err := s.cfg.Sealer.Open(ctx, vault(e.Change.Memory), box, []byte(bind))
	if errors.Is(err, seal.ErrErased) {
		e.Gone = dialect.Erased
		return e, nil
	}
	if err != nil {
		return e, fmt.Errorf("memory: open event %s: %w", e.Change.EventID(), err)
	}
	if e.Fields, err = parseFields(plain); err != nil {
		return e, fmt.Errorf("memory: event %s: %w: %w", e.Change.EventID(), seal.ErrBroken, err)
	}
	return e, nil
}

// View is what filters see of a stored grain: its fields, nil where nobody can
// read them any more.
func (s *Service) View(ctx context.Context, m change.Memory, st store.Stored) (change.View, error) {
	g, err := s.open(ctx, m, st)
	if err != nil && s.passedOver(ctx, m, st, err) {
		return nil, nil
	}
	return g.Fields, err
}
