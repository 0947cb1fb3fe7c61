package memory_test

import (
	"testing"

	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory"
)

func TestAScopePathThatLooksLikeAnotherIsRefused(t *testing.T) {
	h := open(t)
	for path, kind := range map[string]fault.Kind{
		"acme": 0, "acme/prod": 0, "acme/prod ": 0,
		"/": fault.InvalidField, "/acme": fault.InvalidField, "acme/": fault.InvalidField, "acme//prod": fault.InvalidField,
	} {
		_, err := h.Add(h.ctx, home, h.draw(), memory.Input{Type: "event", Namespace: "n", Fields: fields{"content": "x", "scope_path": path}})
		if fault.KindOf(err) != kind || (err == nil) != (kind == 0) {
			t.Errorf("%q: %v", path, err)
		}
	}
}
