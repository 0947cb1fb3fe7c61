package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/grain"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// The groups of the Areev API in the description.
const (
	tagMemories = "Memory instances"
	tagGrains   = "Grains"
	tagHooks    = "Hooks"
	tagFeed     = "CDC feed"
)

// areevMemory is the root of the Areev API's paths.
const areevMemory = "/api/memories/{id}"

// areevRoutes is the Areev API. What only reads needs the scope read, recall
// and detect-pii too; grains, hooks and deliveries are changed with write;
// memories themselves and their keys with admin.
func (a *API) areevRoutes() []endpoint {
	var all []endpoint
	for _, table := range [][]endpoint{a.areevMemoryRoutes(), a.areevGrainRoutes(), a.areevHookRoutes(), a.areevDeliveryRoutes(), a.areevFeedRoutes()} {
		all = append(all, table...)
	}
	return all
}

func (a *API) areevMemoryRoutes() []endpoint {
	return []endpoint{
		{
			Method: http.MethodPost, Path: "/api/memories", ID: "create-instance", Scope: auth.Admin, Status: http.StatusCreated, Tag: tagMemories,
			Summary: "Make a memory", Example: `{"name":"Customer support","policies":["gdpr"]}`, Handler: handle(a.createInstance),
		},
		{Method: http.MethodGet, Path: "/api/memories", ID: "list-instances", Scope: auth.Read, Tag: tagMemories, Summary: "List memories", Handler: handle(a.listInstances)},
		{Method: http.MethodGet, Path: areevMemory, ID: "get-instance", Scope: auth.Read, Tag: tagMemories, Summary: "Read one memory's settings", Handler: handle(a.readInstance)},
		{
			Method: http.MethodPatch, Path: areevMemory, ID: "change-instance", Scope: auth.Admin, Tag: tagMemories,
			Summary: "Change name, description or policies", Example: `{"policies":["gdpr","hipaa"]}`, Handler: handle(a.changeInstance),
		},
		{
			Method: http.MethodDelete, Path: areevMemory, ID: "delete-instance", Scope: auth.Admin, Tag: tagMemories,
			Summary: "Destroy a memory: its keys, grains and log; its hooks must be deleted first", Handler: handle(a.deleteInstance),
		},
		{Method: http.MethodGet, Path: areevMemory + "/stats", ID: "instance-stats", Scope: auth.Read, Tag: tagMemories, Summary: "Count a memory's grains", Handler: handle(a.instanceStats)},
		{
			Method: http.MethodPost, Path: areevMemory + "/keys/rotate", ID: "rotate-keys", Scope: auth.Admin, Tag: tagMemories,
			Summary: "Begin a new key generation; everything older stays readable", Handler: handle(a.rotateKeys),
		},
	}
}

func (a *API) areevGrainRoutes() []endpoint {
	post := func(path, id string, scope auth.Scope, summary, example string, h handler) endpoint {
		return endpoint{Method: http.MethodPost, Path: areevMemory + path, ID: id, Scope: scope, Tag: tagGrains, Summary: summary, Example: example, Handler: h}
	}
	return []endpoint{
		post("/add", "add-grain", auth.Write, "Add a grain", `{"subject":"user","relation":"likes","object":"tea","user_id":"u-1","tags":["taste"]}`, handle(a.addGrain)),
		post("/batch-add", "batch-add", auth.Write, "Add up to 500 grains; each succeeds or fails alone",
			`{"grains":[{"grain_type":"belief","fields":{"subject":"user","relation":"likes","object":"tea"}},{"grain_type":"action","fields":{"content":"refund issued"}}]}`, handle(a.addGrains)),
		post("/ingest", "ingest", auth.Write, "Cut a document into chunks and add each as an event grain", "", handle(a.ingest)),
		post("/import-document", "import-document", auth.Write, "The same as ingest", "", handle(a.ingest)),
		post("/supersede", "supersede-grain", auth.Write, "Replace a grain by a newer version; user_id, scope_path, confidence, namespace and tags carry over where not given",
			`{"blob_hash":"3288d0d41cf49a1d428e404f0b6a6fe60388be9536937557f6139b813d53a520","subject":"user","relation":"prefers","object":"light mode"}`, handle(a.supersedeGrain)),
		post("/forget", "forget-grains", auth.Write, "Forget grains, or erase all of a person or a scope", `{"user_id":"u-1"}`, handle(a.forgetGrains)),
		post("/recall", "recall-grains", auth.Read, "Find grains", `{"query":"what does the user drink","limit":5}`, handle(a.recallGrains)),
		post("/detect-pii", "detect-pii", auth.Read, "Find personal data in a text; nothing is stored", `{"content":"Mail anna@example.com"}`, handle(a.detectPII)),
	}
}

// InMemory is what every path below a memory names. It is exported, as InHook
// and InConsumer are, for inputs to embed it: huma passes over what is not.
type InMemory struct {
	ID string `path:"id" maxLength:"64" doc:"The memory's id" example:"customer-support"`
}

func (i InMemory) instance() string { return i.ID }

// found is an existing memory. An id that differs from one that could exist
// by its letters' case alone is told so.
func (a *API) found(ctx context.Context, id string) (change.Memory, error) {
	m, err := a.existing(ctx, id)
	if fault.KindOf(err) == fault.NotFound && strings.ToLower(id) != id {
		err = fault.New(fault.NotFound, "there is no such memory: ids are written in lower case, try %q", strings.ToLower(id))
	}
	return m, err
}

// intoMemory does a write of which a memory may begin: where the settings say
// so, an unknown memory is made. What the write itself refuses is refused
// before, so that a refused request leaves no memory behind.
func intoMemory[T any](ctx context.Context, a *API, id string, write func(change.Memory) (T, error)) (T, error) {
	m, err := a.existing(ctx, id)
	if fault.KindOf(err) != fault.NotFound || !a.cfg.Settings.AutoCreate {
		if err != nil {
			var none T
			_, err = a.found(ctx, id)
			return none, err
		}
		return write(m)
	}
	if err := checkMemoryID(id); err != nil {
		var none T
		return none, err
	}
	out, err := write(m)
	if !memoryMissing(err) {
		return out, err
	}
	if m, err = a.writable(ctx, id); err != nil {
		return out, err
	}
	return write(m)
}

// memoryMissing says that a write failed for nothing but the memory.
func memoryMissing(err error) bool {
	var conflict *store.ConflictError
	return errors.As(err, &conflict) && conflict.Reason == store.NoMemory || fault.KindOf(err) == fault.NotFound
}

// normal brings a text to the form in which stored text is compared (Unicode's
// NFC); what no grain may hold is refused. It never changes what is normal.
func normal(field, s string) (string, error) {
	if s == "" {
		return "", nil
	}
	g, err := grain.New("state", "", map[string]any{"subject": s}, time.UnixMilli(0))
	if err != nil {
		return "", fault.New(fault.InvalidField, "%s begins with a byte-order mark or is not UTF-8: send plain UTF-8", field)
	}
	out, _ := g.Fields["subject"].(string)
	return out, nil
}
