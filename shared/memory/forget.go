package memory

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
	"github.com/memhooks/memhooks/shared/wire"
)

// scanPage is how many grains a scan reads at a time.
const scanPage = 500

// Forget deletes the lineages that references lead to and raises Forgotten for
// each. It answers how many went; a lineage that is gone already counts zero.
func (s *Service) Forget(ctx context.Context, m change.Memory, d change.Draw, refs []store.Ref) (int, error) {
	var count atomic.Int64
	errs := make([]error, len(refs))
	draws := make([]change.Draw, len(refs))
	for i := range refs {
		draws[i] = d.Split()
	}
	side(len(refs), func(i int) {
		went, err := s.forget(ctx, m, draws[i], refs[i])
		if went {
			count.Add(1)
		}
		errs[i] = err
	})
	return int(count.Load()), errors.Join(errs...)
}

// ForgetAll deletes every lineage whose current grain a filter selects.
func (s *Service) ForgetAll(ctx context.Context, m change.Memory, d change.Draw, f store.Filter) (int, error) {
	f, err := normalFilter(f)
	if err != nil {
		return 0, err
	}
	total, after := 0, ""
	for {
		page, err := s.cfg.Store.Scan(ctx, m, f, after, scanPage)
		if err != nil {
			return total, err
		}
		refs := make([]store.Ref, len(page.Grains))
		for i, g := range page.Grains {
			refs[i] = store.Ref{Lineage: g.Lineage}
		}
		n, err := s.Forget(ctx, m, d, refs)
		total += n
		if err != nil || page.Next == "" {
			return total, err
		}
		after = page.Next
	}
}

// ForgetSubject deletes every lineage about a triple's subject.
func (s *Service) ForgetSubject(ctx context.Context, m change.Memory, d change.Draw, subject string) (int, error) {
	subject, err := normal(subject)
	if err != nil {
		return 0, err
	}
	blind, err := s.cfg.Sealer.Blind(ctx, vault(m), blindSubject, subject)
	if err != nil {
		return 0, fmt.Errorf("memory: blind subject: %w", err)
	}
	return s.ForgetAll(ctx, m, d, store.Filter{Subject: blind})
}

// forget deletes one lineage, whatever its current version is by then.
func (s *Service) forget(ctx context.Context, m change.Memory, d change.Draw, ref store.Ref) (bool, error) {
	for range attempts {
		st, err := s.head(ctx, m, ref)
		if fault.KindOf(err) == fault.NotFound {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		step, err := s.forgetStep(ctx, m, d, st)
		if err != nil {
			return false, err
		}
		_, err = s.commit(ctx, m, step)
		if !lost(err) && !keyGone(err) {
			return err == nil, err
		}
		if key, boxed := seal.KeyID(step.Change.Content); boxed == nil && keyGone(err) {
			s.cfg.Sealer.Forget(vault(m), key)
		}
	}
	return false, errBusy
}

func keyGone(err error) bool {
	var conflict *store.ConflictError
	return errors.As(err, &conflict) && conflict.Reason == store.KeyGone
}

// head is the current grain of the lineage that a reference leads to.
func (s *Service) head(ctx context.Context, m change.Memory, ref store.Ref) (store.Stored, error) {
	st, err := s.cfg.Store.Load(ctx, m, ref)
	if err == nil && st.State == store.Superseded {
		st, err = s.cfg.Store.Load(ctx, m, store.Ref{Lineage: st.Lineage})
	}
	if err == nil && st.State == store.Gone {
		err = errGone
	}
	return st, err
}

// forgetStep plans a deletion: the change keeps the tags, sealed under the
// grain's own key, and is matched as the grain last was.
func (s *Service) forgetStep(ctx context.Context, m change.Memory, d change.Draw, st store.Stored) (store.Step, error) {
	c := raised(m, d, events.Forgotten, st)
	g, err := s.open(ctx, m, st)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return store.Step{}, err
	}
	if tags, ok := g.Fields["tags"]; ok {
		if c.Content, _, err = s.sealFields(ctx, m, c, st, map[string]any{"tags": tags}); err != nil {
			return store.Step{}, err
		}
	}
	return store.Step{Lineage: st.Lineage, Expect: st.Hash, Forget: true, Change: c, View: g.Fields}, nil
}

// sealFields seals what only the change itself keeps, bound to its id.
func (s *Service) sealFields(ctx context.Context, m change.Memory, c change.Change, st store.Stored, fields map[string]any) ([]byte, string, error) {
	plain, err := wire.AppendExact(nil, fields)
	if err != nil {
		return nil, "", fmt.Errorf("memory: encode a change: %w", err)
	}
	box, key, err := s.cfg.Sealer.Seal(ctx, vault(m), pair(st), plain, []byte(c.ID))
	if err != nil {
		return nil, "", fmt.Errorf("memory: seal a change: %w", err)
	}
	return box, key, nil
}
