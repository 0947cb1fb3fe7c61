package roadtest

import (
	"net/http"
	"slices"
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
	// world breaks what a world has, once for each run.
	world func(*World)
	// holdAfter is how many dead letters in a row hold a hook, 0 = as many as have
	// to, less than that: none do.
	holdAfter int
}

// None is no defect.
var None = Defect{Name: "none"}

// Defects are the table of them, made anew for each run: some remember what
// they have seen. To add one, add its row; the tests of all clouds walk it.
func Defects() []Defect {
	return slices.Concat(toldWrong(), triedWrong(), shownWrong())
}

// toldWrong are defects of what is kept, found, and told to whom.
func toldWrong() []Defect {
	answers := newCache()
	return []Defect{
		{Name: "an answered write is not kept", Invariant: 1, cloud: func(c *cloud.Cloud) { c.Grains = &deafStore{Store: c.Grains} }},
		{Name: "a write is answered before it is durable", Invariant: 1, cloud: func(c *cloud.Cloud) { c.Grains = &lateStore{Store: c.Grains} }},
		{Name: "a change is raised twice", Invariant: 1, cloud: func(c *cloud.Cloud) { c.Grains = doublingStore{c.Grains} }},
		{Name: "a refused write raises its change", Invariant: 1, cloud: func(c *cloud.Cloud) { c.Grains = stubbornStore{c.Grains} }},
		{Name: "a writer who lost a race is told that it won", Invariant: 1, cloud: func(c *cloud.Cloud) { c.Grains = flatteringStore{c.Grains} }},
		{Name: "a change is lost from the log", Invariant: 1, cloud: func(c *cloud.Cloud) { c.Log = retold{c.Log, dropping} }},
		{Name: "a batch is appended twice", Invariant: 1, cloud: func(c *cloud.Cloud) { c.Log = retold{c.Log, doubling} }},
		{Name: "a recall loses what the index was given", Invariant: 1, cloud: func(c *cloud.Cloud) { c.Index = lossyIndex{c.Index} }},
		{Name: "a recall loses what the index was not given", Invariant: 1, cloud: func(c *cloud.Cloud) { c.Index = hastyIndex{c.Index} }},
		{Name: "a recall finds what was forgotten", Invariant: 1, cloud: func(c *cloud.Cloud) { c.Index = staleIndex{c.Index, answers} }},
		{Name: "a seq is skipped", Invariant: 2, cloud: func(c *cloud.Cloud) { c.Log = retold{c.Log, skipping} }},
		{Name: "two events change their places", Invariant: 2, cloud: func(c *cloud.Cloud) { c.Log = retold{c.Log, swapping} }},
		{Name: "a chain of prev is broken", Invariant: 2, cloud: func(c *cloud.Cloud) { c.Log = retold{c.Log, unchained} }},
		{Name: "a POST names another event before its own", Invariant: 2, network: func(n network) http.RoundTripper { return unlinked{n} }},
		{Name: "a cursor skips what was compacted", Invariant: 2, cloud: func(c *cloud.Cloud) { c.Log = silentLog{c.Log} }},
		{Name: "a hook does not see an event", Invariant: 4, cloud: func(c *cloud.Cloud) { c.Log = retold{c.Log, unmatched} }},
		{Name: "anything-but lets through what is missing", Invariant: 4, cloud: func(c *cloud.Cloud) { c.Hooks = misreadHooks{c.Hooks, entries("anything-but", orMissing)} }},
		{Name: "one field of a filter is enough", Invariant: 4, cloud: func(c *cloud.Cloud) { c.Hooks = misreadHooks{c.Hooks, lax} }},
		{Name: "a prefix misses what goes on", Invariant: 4, cloud: func(c *cloud.Cloud) { c.Hooks = misreadHooks{c.Hooks, entries("prefix", whole)} }},
		{Name: "a range of numbers misses its ends", Invariant: 4, cloud: func(c *cloud.Cloud) { c.Hooks = misreadHooks{c.Hooks, entries("numeric", narrow)} }},
	}
}

// triedWrong are defects of how it is sent.
func triedWrong() []Defect {
	held := map[string]delivery.Job{}
	return []Defect{
		{Name: "a lineage is told out of order", Invariant: 4, handler: func(h delivery.Handler) delivery.Handler { return overtaking(held, h) }},
		{Name: "a job is dropped", Invariant: 3, handler: func(h delivery.Handler) delivery.Handler { return dropsJobs(h) }},
		{Name: "a dead letter is lost", Invariant: 3, handler: func(h delivery.Handler) delivery.Handler { return every(h, givesUp, delivered) }},
		{Name: "a dead letter is not counted", Invariant: 3, cloud: func(c *cloud.Cloud) { c.Ledger = miscounting{c.Ledger, delivery.StatusDead, -1} }},
		{Name: "a count is off by one", Invariant: 3, cloud: func(c *cloud.Cloud) { c.Ledger = miscounting{c.Ledger, delivery.StatusDelivered, 1} }},
		{Name: "an attempt is not told", Invariant: 3, cloud: func(c *cloud.Cloud) { c.Ledger = shortTrail{c.Ledger} }},
		{Name: "a redirect counts as taken", Invariant: 3, handler: func(h delivery.Handler) delivery.Handler { return every(h, redirected, delivered) }},
		{Name: "a retry never comes", Invariant: 3, handler: func(h delivery.Handler) delivery.Handler { return every(h, retries, muchLater) }},
		{Name: "what was skipped is sent", Invariant: 3, cloud: func(c *cloud.Cloud) { c.HookMover = lazyMover{c.HookMover} }},
		{Name: "a paused hook is posted to", Invariant: 3, cloud: func(c *cloud.Cloud) { c.Hooks = wakefulHooks{c.Hooks} }},
		{Name: "a deleted hook is posted to", Invariant: 3, cloud: func(c *cloud.Cloud) { c.HookRemover = lazyRemover{} }},
		{Name: "attempts go on beyond max_retries", Invariant: 5, handler: func(h delivery.Handler) delivery.Handler { return every(h, givesUp, again) }},
		{Name: "a retry comes at once", Invariant: 5, handler: func(h delivery.Handler) delivery.Handler { return every(h, retries, hurried) }},
		{Name: "Retry-After is ignored", Invariant: 5, network: func(n network) http.RoundTripper { return deaf{n} }},
		{Name: "a repeat tells another time", Invariant: 5, network: func(n network) http.RoundTripper { return retimed{n} }},
		{Name: "each first attempt is made twice", Invariant: 5, handler: twice},
		{Name: "a hook is never held", Invariant: 5, holdAfter: -1},
		{Name: "a hook is held too early", Invariant: 5, holdAfter: holdAfter - 2},
		{Name: "a hook is posted to after a 410", Invariant: 5, handler: func(h delivery.Handler) delivery.Handler { return every(h, givesUp, untouched) }},
		{Name: "it gives up too early", Invariant: 5, handler: func(h delivery.Handler) delivery.Handler { return every(h, retries, dead) }},
		{Name: "an address is looked at once for each name", Invariant: 6, network: func(n network) http.RoundTripper { return trusting{n, new(sync.Map)} }},
		{Name: "an address is looked at only when a hook is made", Invariant: 6, network: func(n network) http.RoundTripper { return unguarded(n) }},
		{Name: "a redirect is followed", Invariant: 6, network: func(n network) http.RoundTripper { return following{n} }},
	}
}

// shownWrong are defects of what somebody may see, and for how long.
func shownWrong() []Defect {
	boxes, forgotten, keys, terms, left := newCache(), newCache(), newCache(), newCache(), newCache()
	return []Defect{
		{Name: "redaction shows what it should withhold", Invariant: 7, cloud: func(c *cloud.Cloud) { c.Hooks = frankHooks{c.Hooks} }},
		{Name: "hash_only shows one field more", Invariant: 7, cloud: func(c *cloud.Cloud) { c.Hooks = leakyHooks{c.Hooks} }},
		{Name: "a later attempt shows more", Invariant: 7, handler: func(h delivery.Handler) delivery.Handler { return every(h, retries, unmindful) }},
		{Name: "a body loses a field", Invariant: 7, network: func(n network) http.RoundTripper { return rewriting{n, untyped} }},
		{Name: "what was forgotten is told", Invariant: 7, cloud: func(c *cloud.Cloud) { c.Grains = hoardingStore{keptStore{c.Grains, forgotten}} }},
		{Name: "content is kept in the open", Invariant: 7, cloud: func(c *cloud.Cloud) { c.Grains = openStore{c.Grains} }},
		{Name: "a secret is kept in the open", Invariant: 7, cloud: func(c *cloud.Cloud) { c.Hooks = openHooks{c.Hooks, opener(c), newest} }},
		{Name: "a secret that was replaced is kept in the open", Invariant: 7, cloud: func(c *cloud.Cloud) { c.Hooks = openHooks{c.Hooks, opener(c), replaced} }},
		{Name: "an erasure keeps a key", Invariant: 8, cloud: func(c *cloud.Cloud) { c.Keys = keptKeys{c.Keys, keys} }},
		{Name: "an erasure keeps a box", Invariant: 8, cloud: func(c *cloud.Cloud) { c.Grains = keptStore{c.Grains, boxes} }},
		{Name: "an erasure keeps an index entry", Invariant: 8, cloud: func(c *cloud.Cloud) { c.Index = keptIndex{c.Index, terms} }},
		{Name: "an erasure keeps the bytes of an index entry", Invariant: 8, cloud: func(c *cloud.Cloud) { c.Index = shedIndex{c.Index, left} }, world: left.beside},
		{Name: "an erasure is answered and not made", Invariant: 8, cloud: func(c *cloud.Cloud) { c.Eraser = idleEraser{} }},
		{Name: "a body is written as Go writes JSON", Invariant: 9, network: func(n network) http.RoundTripper { return rewriting{n, asGoWrites} }},
		{Name: "a body is signed with another secret", Invariant: 9, network: func(n network) http.RoundTripper { return forged{n} }},
		{Name: "a body's numbers keep their digits", Invariant: 9, network: func(n network) http.RoundTripper { return rewriting{n, exact} }},
		{Name: "a tenant reads another's log", Invariant: 10, cloud: func(c *cloud.Cloud) { c.Log = sharedLog{c.Log} }},
		{Name: "a hook is written whenever it is read", Invariant: 12, cloud: func(c *cloud.Cloud) { c.Hooks = eagerHooks{c.Hooks} }},
	}
}
