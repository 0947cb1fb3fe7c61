package roadtest

import (
	"net/http"
	"sync"

	"github.com/memhooks/memhooks/shared/cloud"
	"github.com/memhooks/memhooks/shared/delivery"
)

// Defect is something that is wrong on purpose.
type Defect struct {
	Name      string
	Invariant int // that it breaks
	// cloud breaks ports, once for each process and each look.
	cloud func(*cloud.Cloud)
	// handler breaks attempts, once for each process.
	handler func(delivery.Handler) delivery.Handler
	// network breaks what lies between sender and receivers, once for each process.
	network func(network) http.RoundTripper
}

// None is no defect.
var None = Defect{Name: "none"}

// Defects are the table of them, made anew for each run: some remember what
// they have seen. To add one, add its row; the tests of all clouds walk it.
func Defects() []Defect {
	var held, boxes, forgotten, keys, entries = map[string]delivery.Job{}, newCache(), newCache(), newCache(), newCache()
	return []Defect{
		{"an answered write is not kept", 1, func(c *cloud.Cloud) { c.Grains = &deafStore{Store: c.Grains} }, nil, nil},
		{"a write is answered before it is durable", 1, func(c *cloud.Cloud) { c.Grains = &lateStore{Store: c.Grains} }, nil, nil},
		{"a change is raised twice", 1, func(c *cloud.Cloud) { c.Grains = doublingStore{c.Grains} }, nil, nil},
		{"a refused write raises its change", 1, func(c *cloud.Cloud) { c.Grains = stubbornStore{c.Grains} }, nil, nil},
		{"a writer who lost a race is told that it won", 1, func(c *cloud.Cloud) { c.Grains = flatteringStore{c.Grains} }, nil, nil},
		{"a change is lost from the log", 1, func(c *cloud.Cloud) { c.Log = retold{c.Log, dropping} }, nil, nil},
		{"a batch is appended twice", 1, func(c *cloud.Cloud) { c.Log = retold{c.Log, doubling} }, nil, nil},
		{"a seq is skipped", 2, func(c *cloud.Cloud) { c.Log = retold{c.Log, skipping} }, nil, nil},
		{"two events change their places", 2, func(c *cloud.Cloud) { c.Log = retold{c.Log, swapping} }, nil, nil},
		{"a chain of prev is broken", 2, func(c *cloud.Cloud) { c.Log = retold{c.Log, unchained} }, nil, nil},
		{"a POST names another event before its own", 2, nil, nil, func(n network) http.RoundTripper { return unlinked{n} }},
		{"a cursor skips what was compacted", 2, func(c *cloud.Cloud) { c.Log = silentLog{c.Log} }, nil, nil},
		{"a hook does not see an event", 4, func(c *cloud.Cloud) { c.Log = retold{c.Log, unmatched} }, nil, nil},
		{"a lineage is told out of order", 4, nil, func(h delivery.Handler) delivery.Handler { return overtaking(held, h) }, nil},
		{"a job is dropped", 3, nil, func(h delivery.Handler) delivery.Handler { return dropsJobs(h) }, nil},
		{"a dead letter is lost", 3, nil, func(h delivery.Handler) delivery.Handler { return every(h, givesUp, delivered) }, nil},
		{"a dead letter is not counted", 3, func(c *cloud.Cloud) { c.Ledger = miscounting{c.Ledger, delivery.StatusDead, -1} }, nil, nil},
		{"a count is off by one", 3, func(c *cloud.Cloud) { c.Ledger = miscounting{c.Ledger, delivery.StatusDelivered, 1} }, nil, nil},
		{"an attempt is not told", 3, func(c *cloud.Cloud) { c.Ledger = shortTrail{c.Ledger} }, nil, nil},
		{"a redirect counts as taken", 3, nil, func(h delivery.Handler) delivery.Handler { return every(h, redirected, delivered) }, nil},
		{"a retry never comes", 3, nil, func(h delivery.Handler) delivery.Handler { return every(h, retries, muchLater) }, nil},
		{"what was skipped is sent", 3, func(c *cloud.Cloud) { c.HookMover = lazyMover{c.HookMover} }, nil, nil},
		{"a paused hook is posted to", 3, func(c *cloud.Cloud) { c.Hooks = wakefulHooks{c.Hooks} }, nil, nil},
		{"a deleted hook is posted to", 3, func(c *cloud.Cloud) { c.HookRemover = lazyRemover{} }, nil, nil},
		{"attempts go on beyond max_retries", 5, nil, func(h delivery.Handler) delivery.Handler { return every(h, givesUp, again) }, nil},
		{"a retry comes at once", 5, nil, func(h delivery.Handler) delivery.Handler { return every(h, retries, hurried) }, nil},
		{"Retry-After is ignored", 5, nil, nil, func(n network) http.RoundTripper { return deaf{n} }},
		{"a repeat tells another time", 5, nil, nil, func(n network) http.RoundTripper { return retimed{n} }},
		{"each first attempt is made twice", 5, nil, twice, nil},
		{"it gives up too early", 5, nil, func(h delivery.Handler) delivery.Handler { return every(h, retries, dead) }, nil},
		{"an address is looked at once for each name", 6, nil, nil, func(n network) http.RoundTripper { return trusting{n, new(sync.Map)} }},
		{"an address is looked at only when a hook is made", 6, nil, nil, func(n network) http.RoundTripper { return unguarded(n) }},
		{"a redirect is followed", 6, nil, nil, func(n network) http.RoundTripper { return following{n} }},
		{"redaction shows what it should withhold", 7, func(c *cloud.Cloud) { c.Hooks = frankHooks{c.Hooks} }, nil, nil},
		{"hash_only shows one field more", 7, func(c *cloud.Cloud) { c.Hooks = leakyHooks{c.Hooks} }, nil, nil},
		{"a later attempt shows more", 7, nil, func(h delivery.Handler) delivery.Handler { return every(h, retries, unmindful) }, nil},
		{"a body loses a field", 7, nil, nil, func(n network) http.RoundTripper { return rewriting{n, untyped} }},
		{"what was forgotten is told", 7, func(c *cloud.Cloud) { c.Grains = hoardingStore{keptStore{c.Grains, forgotten}} }, nil, nil},
		{"content is kept in the open", 7, func(c *cloud.Cloud) { c.Grains = openStore{c.Grains} }, nil, nil},
		{"an erasure keeps a key", 8, func(c *cloud.Cloud) { c.Keys = keptKeys{c.Keys, keys} }, nil, nil},
		{"an erasure keeps a box", 8, func(c *cloud.Cloud) { c.Grains = keptStore{c.Grains, boxes} }, nil, nil},
		{"an erasure keeps an index entry", 8, func(c *cloud.Cloud) { c.Index = keptIndex{c.Index, entries} }, nil, nil},
		{"an erasure is answered and not made", 8, func(c *cloud.Cloud) { c.Eraser = idleEraser{} }, nil, nil},
		{"a body is written as Go writes JSON", 9, nil, nil, func(n network) http.RoundTripper { return rewriting{n, asGoWrites} }},
		{"a body is signed with another secret", 9, nil, nil, func(n network) http.RoundTripper { return forged{n} }},
		{"a body's numbers keep their digits", 9, nil, nil, func(n network) http.RoundTripper { return rewriting{n, exact} }},
		{"a tenant reads another's log", 10, func(c *cloud.Cloud) { c.Log = sharedLog{c.Log} }, nil, nil},
		{"a hook is written whenever it is read", 12, func(c *cloud.Cloud) { c.Hooks = eagerHooks{c.Hooks} }, nil, nil},
	}
}
