package httpapi

import (
	"net/http"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/feed"
)

// tagInspection groups what explains a memory and changes nothing.
const tagInspection = "Inspection"

// inspectRoutes tell what happened in a memory, and why. None of them raises an
// event or changes anything.
func (a *API) inspectRoutes() []endpoint {
	get := func(path, id, summary string, h handler) endpoint {
		return endpoint{Method: http.MethodGet, Path: areevMemory + path, ID: id, Scope: auth.Read, Tag: tagInspection, Summary: summary, Handler: h}
	}
	return []endpoint{
		get("/grains", "find-grains", "Find grains as recall does, but tell nobody: no event is raised", handle(a.findGrains)),
		get("/grains/{ref}", "show-grain", "Show all versions of a grain", handle(a.showGrain)),
		get("/events", "list-events", "List the log's events, newest first, or behind a seq and wait for the next", handle(a.listEvents)),
		get("/events/{ref}", "explain-event", "Tell all that became of one event: which hooks saw it, what was sent, why the others did not", handle(a.explainEvent)),
		get("/deliveries", "list-all-deliveries", "List deliveries of all hooks, newest first", handle(a.allDeliveries)),
		get("/deliveries/{delivery}", "show-delivery", "Show one delivery with its attempts and the body that its hook may see", handle(a.oneDelivery)),
		get("/erasures", "list-erasures", "List erasures with their proofs, newest first, those below the log's floor too", handle(a.listErasures)),
		get("/erasures/{event}", "show-erasure", "Show one erasure, and which hooks had been told of what it took", handle(a.showErasure)),
		{
			Method: http.MethodPost, Path: areevHook + "/try-filter", ID: "try-filter", Scope: auth.Read, Tag: tagInspection,
			Summary: "Try a filter on the newest events; nothing is changed", Example: `{"filter":{"tags":["urgent"]},"limit":100}`, Handler: handle(a.tryFilter),
		},
		get("/activity", "read-activity", "Show how the memory, or one hook, went lately, and what needs attention", handle(a.readActivity)),
	}
}

// LoggedEvent is an event as the log has it: identifiers, no content. It is
// exported, as ErasureAnswer is, for answers to embed it: huma passes over what is
// not.
type LoggedEvent struct {
	Seq         int64  `json:"seq"`
	EventID     string `json:"event_id" doc:"evt_…"`
	Type        string `json:"event_type" doc:"Its Areev name, or where it has none its REM name" example:"grain_created"`
	Cause       string `json:"cause" enum:"created,superseded,forgotten,recalled,erased,memory_erased,rotated"`
	At          string `json:"at" format:"date-time"`
	Hash        string `json:"hash,omitempty"`
	Superseded  string `json:"superseded,omitempty" doc:"The hash that this one replaced"`
	MemoryID    string `json:"memory_id,omitempty" doc:"mem_…"`
	GrainType   string `json:"grain_type,omitempty"`
	Namespace   string `json:"namespace,omitempty"`
	UserID      string `json:"user_id,omitempty"`
	ScopePath   string `json:"scope_path,omitempty"`
	Count       *int   `json:"count,omitempty" doc:"Erased: lineages; recalled: hits"`
	Fingerprint string `json:"key_fingerprint,omitempty" doc:"Erased: proof of the destroyed keys"`
	KeyID       string `json:"key_id,omitempty" doc:"Rotated: the new generation"`
	Hooks       int    `json:"hooks" doc:"How many hooks saw it"`
}

func loggedShown(e *feed.Entry) LoggedEvent {
	c := &e.Change
	t, _ := events.Lookup(c.Cause)
	out := LoggedEvent{
		Seq: e.Seq, EventID: c.EventID(), Type: t.Areev, Cause: string(c.Cause), At: stamp(c.At),
		Hash: c.Hash, Superseded: c.Superseded, MemoryID: change.MemoryID(c.Lineage), GrainType: c.GrainType,
		Namespace: c.Namespace, UserID: c.UserID, ScopePath: c.ScopePath,
		Fingerprint: c.Fingerprint, KeyID: c.KeyID, Hooks: len(e.Matches),
	}
	if out.Type == "" {
		out.Type = t.REM
	}
	if c.Cause == events.Erased || c.Cause == events.Recalled {
		out.Count = &c.Count
	}
	return out
}
