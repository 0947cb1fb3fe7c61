package road

import (
	"context"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/redact"
	"github.com/memhooks/memhooks/shared/sign"
)

type told struct{ *memory.Service }

func (t told) Content(ctx context.Context, c change.Change) (map[string]any, dialect.Gone, error) {
	e, err := t.Tell(ctx, c)
	return e.Fields, e.Gone, err
}

type opened struct {
	*hook.Service
	now func() time.Time
}

func (o opened) Secrets(ctx context.Context, h hook.Hook) (current, previous *sign.Secret, err error) {
	s, err := o.Open(ctx, h, o.now())
	if err != nil || len(s.Standard) == 0 {
		return nil, nil, err
	}
	if len(s.Standard) == 2 {
		previous = &s.Standard[1]
	}
	return &s.Standard[0], previous, nil
}

type modes struct{ *hook.Service }

func (m modes) Mode(ctx context.Context, h hook.Hook) (redact.Mode, error) {
	return m.Effective(ctx, h)
}
