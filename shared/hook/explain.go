package hook

import (
	"fmt"
	"slices"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/dialect"
)

// Explain says whether the hook sees a change, its dialect asked too, and where
// it does not the first reason, in words that follow the hook's name. They quote
// the hook's settings, never the change.
func (h *Hook) Explain(c *change.Change, view change.View) (sees bool, why string) {
	name, fields := dialect.Name(h.Dialect, c.Cause), Fields(c, view)
	switch {
	case name == "":
		return false, fmt.Sprintf("its dialect, %s, has no name for it", h.Dialect)
	case h.Wants(c, fields):
		return true, ""
	case !h.asks(c):
		return false, "does not ask for " + name
	case !h.covers(c):
		return false, fmt.Sprintf("only namespace %q", *h.Namespace)
	}
	_, why = h.Pattern.Explain(fields)
	return false, "filter: " + why
}

// TurnsOnContent says whether only the content of a change tells if the hook
// sees it: all else that the hook asks for is met.
func (h *Hook) TurnsOnContent(c *change.Change) bool {
	switch c.Cause {
	case events.Created, events.Superseded, events.Forgotten:
	default: // they are matched without content
		return false
	}
	return dialect.Has(h.Dialect, c.Cause) && h.asks(c) && h.covers(c) &&
		h.Pattern.NeedsContent() && h.Pattern.MatchMetadata(Fields(c, nil))
}

// asks says whether the change's event is one of those that the hook names.
func (h *Hook) asks(c *change.Change) bool {
	return len(h.Causes) == 0 || slices.Contains(h.Causes, c.Cause)
}

// covers says whether the change is in the hook's namespace, or concerns the
// whole memory.
func (h *Hook) covers(c *change.Change) bool {
	return h.Namespace == nil || memoryWide(c) || c.Namespace == *h.Namespace
}

func memoryWide(c *change.Change) bool {
	return c.Cause == events.Erased || c.Cause == events.Rotated
}
