package httpapi

import (
	"context"

	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
)

func (a *API) deleteMemory(ctx context.Context, in *memoryInput) (*deletedAnswer, error) {
	return a.forgetOne(ctx, in.ID)
}

func (a *API) forgetOne(ctx context.Context, id string) (*deletedAnswer, error) {
	m, ref, err := a.memoryRef(ctx, id)
	if err != nil {
		return nil, err
	}
	n, err := a.cfg.Memory.Forget(ctx, m, drawOf(ctx), []store.Ref{ref})
	if err == nil && n == 0 {
		err = errNoSuchID
	}
	return &deletedAnswer{n}, err
}

type forgetBody struct {
	MemoryID  string `json:"memory_id,omitempty" doc:"The memory to forget"`
	Namespace string `json:"namespace,omitempty" doc:"Forget all memories of this namespace"`
}

type forgetInput struct {
	MemoryID  string      `query:"memory_id" doc:"As in the body"`
	Namespace string      `query:"namespace" doc:"As in the body"`
	Body      *forgetBody `doc:"Either of the two, here or as query parameters"`
}

func (a *API) forget(ctx context.Context, in *forgetInput) (*deletedAnswer, error) {
	want := forgetBody{in.MemoryID, in.Namespace}
	if in.Body != nil {
		if want != (forgetBody{}) && *in.Body != (forgetBody{}) {
			return nil, fault.New(fault.InvalidField, "say what to forget in the body or in the query, not in both")
		}
		if want == (forgetBody{}) {
			want = *in.Body
		}
	}
	switch {
	case want.MemoryID != "" && want.Namespace != "":
		return nil, fault.New(fault.InvalidField, "memory_id and namespace are given: give one of them")
	case want.MemoryID != "":
		return a.forgetOne(ctx, want.MemoryID)
	case want.Namespace == "":
		return nil, fault.New(fault.MissingField, "nothing to forget: give memory_id or namespace")
	}
	m, err := a.own(ctx)
	if err != nil {
		return nil, err
	}
	n, err := a.cfg.Memory.ForgetAll(ctx, m, drawOf(ctx), store.Filter{Namespace: &want.Namespace})
	return &deletedAnswer{n}, err
}
