package cloudtest_test

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/embedded"
	"github.com/memhooks/memhooks/shared/cloud"
	"github.com/memhooks/memhooks/shared/cloud/cloudtest"
	"github.com/memhooks/memhooks/shared/seal/localmaster"
)

// broken is a cloud with one defect, a rule that finds it, and a part of what
// the rule says then.
type broken struct {
	defect string
	breaks func(*cloud.Cloud)
	rule   string
	says   string
}

// defects are made anew for each run: some remember what they have seen.
func defects() []broken {
	return []broken{
		{"answers before it is durable", func(c *cloud.Cloud) { c.Grains = &lateStore{Store: c.Grains} }, "commit/is durable when answered", "after a crash"},
		{"commits step by step", func(c *cloud.Cloud) { c.Grains = stepwiseStore{c.Grains} }, "commit/is all or nothing", "was refused for step 0"},
		{"forgets a condition", func(c *cloud.Cloud) { c.Grains = forcingStore{c.Grains} }, "conflict/moved", "was not refused"},
		{"lets every writer win", func(c *cloud.Cloud) { c.Grains = forcingStore{c.Grains} }, "commit/one writer of a lineage wins", "concurrent writers"},
		{"raises twice", func(c *cloud.Cloud) { c.Grains = doublingStore{c.Grains} }, "commit/raises one change per step", "raised its change 2 times"},
		{"raises what exists", func(c *cloud.Cloud) { c.Grains = doublingStore{c.Grains} }, "commit/existing raises nothing", "raised 2 changes"},
		{"does not show what stands there", func(c *cloud.Cloud) { c.Grains = terseStore{c.Grains} }, "conflict/shows what stands there", "the conflict shows"},
		{"serves a stale grain", func(c *cloud.Cloud) { c.Grains = &staleStore{Store: c.Grains} }, "load/sees every answered write", "was loaded after version"},
		{"serves a forgotten box", func(c *cloud.Cloud) { c.Grains = &staleStore{Store: c.Grains} }, "load/gone", "has state 0"},
		{"leaks another tenant's grain", func(c *cloud.Cloud) { c.Grains = &leakyStore{Store: c.Grains} }, "tenants/share no grain", "another memory's grain"},
		{"takes a prefix for a tree", func(c *cloud.Cloud) { c.Grains = prefixStore{c.Grains} }, "scan/scope tree", "the tree acme/prod gave"},
		{"scans the oldest first", func(c *cloud.Cloud) { c.Grains = oldestStore{c.Grains} }, "scan/newest first", "out of turn"},
		{"leaves grains out at page ends", func(c *cloud.Cloud) { c.Grains = gappyStore{c.Grains} }, "scan/pages are stable", "returned 0 times"},

		{"drops a change", func(c *cloud.Cloud) { c.Log = droppingLog{c.Log} }, "commit/raises one change per step", "the log holds 4 entries"},
		{"skips a seq", func(c *cloud.Cloud) { c.Log = skippingLog{c.Log} }, "log/counts from 1 without gaps", "goes on with seq 3 after 1"},
		{"uses a seq again", func(c *cloud.Cloud) { c.Log = reusingLog{c.Log} }, "log/never uses a seq again", "moved the head from"},
		{"loses the order of a lineage", func(c *cloud.Cloud) { c.Log = swappingLog{c.Log} }, "log/keeps the order of a lineage", "told as"},
		{"shows seq n before n-1", func(c *cloud.Cloud) { c.Log = &hastyLog{Log: c.Log} }, "log/is read in order beside writers", "was seen after"},
		{"forgets who saw what before", func(c *cloud.Cloud) { c.Log = chainlessLog{c.Log} }, "match/chain of prev is unbroken", "the match says"},
		{"says nothing below the floor", func(c *cloud.Cloud) { c.Log = silentLog{c.Log} }, "compaction/says so below the floor", "succeeded"},
		{"never ends a wait", func(c *cloud.Cloud) { c.Log = endlessLog{c.Log} }, "log/wait returns when the head has passed", "did not come back"},
		{"keeps no rotation", func(c *cloud.Cloud) { c.Compactor = keeplessCompactor{c.Compactor} }, "compaction/keeps erasures and rotations", "holds 0"},
		{"lets an ack go back", func(c *cloud.Cloud) { c.Consumers = &backwardConsumers{Consumers: c.Consumers} }, "consumers/an ack never goes back", "where 3 stands"},

		{"lets a destroyed key vanish", func(c *cloud.Cloud) { c.Keys = vanishingKeys{c.Keys} }, "erase/destroyed keys stay known", "a destroyed key is absent"},
		{"takes every key", func(c *cloud.Cloud) { c.Keys = greedyKeys{c.Keys} }, "keys/one of several makers wins", "got key"},
		{"hides a grain from the plan", func(c *cloud.Cloud) { c.Eraser = hidingEraser{c.Eraser} }, "erase/plan sees a person's", "of the wanted 3"},
		{"puts a hook over a newer one", func(c *cloud.Cloud) { c.Hooks = forcingHooks{c.Hooks} }, "hooks/are put on condition", "succeeded"},

		{"hands out a settled job again", func(c *cloud.Cloud) { c.Queue = repeatingQueue{c.Queue} }, "queue/does not hand out a settled job again", "not [1 2 3 4 5]"},
		{"forgets what was in hand", remembered(), "restart/unsettled jobs come again", "after the crash, hook h was handed"},
		{"settles before the answer", func(c *cloud.Cloud) { c.Queue = eagerQueue{c.Queue} }, "queue/hands out the first of a group only", "of its group was in hand"},
		{"lets a hook wait for another", func(c *cloud.Cloud) { c.Queue = &singleQueue{Queue: c.Queue} }, "queue/hooks do not wait for each other", "was handed the seqs"},
		{"retries before it is due", func(c *cloud.Cloud) { c.Queue = hurriedQueue{c.Queue} }, "retry/not before it is due", "before its second attempt is due"},
		{"forgets attempts", func(c *cloud.Cloud) { c.Queue = forgetfulQueue{c.Queue} }, "retry/counts attempts", "attempts the record is"},
		{"loses what is held", func(c *cloud.Cloud) { c.Ledger = partialLedger{c.Ledger} }, "ledger/counts add up", "held"},
		{"lists oldest first", func(c *cloud.Cloud) { c.Ledger = oldestLedger{c.Ledger} }, "ledger/lists newest first", "is listed before"},
		{"tells the last attempt only", func(c *cloud.Cloud) { c.Ledger = lastLedger{c.Ledger} }, "ledger/tells every attempt", "its trail is"},
		{"mixes redrives up", func(c *cloud.Cloud) { c.Ledger = mixingLedger{c.Ledger} }, "ledger/tells every attempt", "1.1 was attempted as"},
		{"tells of another memory's trouble", func(c *cloud.Cloud) { c.Troubles = shiftedTroubles{c.Troubles} }, "ledger/tells where somebody is needed", "with dead letters"},
		{"redrives under the old number", func(c *cloud.Cloud) { c.Redriver = numberlessRedriver{c.Redriver} }, "redrive/takes the next number", "made the jobs"},

		{"finds a revoked key", func(c *cloud.Cloud) { c.Auth = &cachingAuth{Keys: c.Auth} }, "auth/a revoked key is found no more", "finding a revoked key succeeded"},
		{"lets a key be claimed twice", func(c *cloud.Cloud) { c.Receipts = generousReceipts{c.Receipts} }, "receipts/are claimed once", "another's receipt"},
		{"fills a bucket for each process", func(c *cloud.Cloud) { c.Leases = ownLeases{} }, "leases/are of one bucket", "a bucket of 20"},
	}
}

// TestRulesFindDefects tries each rule on a sound cloud and on one with a
// defect: it has to tell them apart, and to say what happened.
func TestRulesFindDefects(t *testing.T) {
	for _, b := range defects() {
		t.Run(b.defect+"/"+b.rule, func(t *testing.T) {
			t.Parallel()
			rule := find(t, b.rule)
			synctest.Test(t, func(t *testing.T) {
				if err := rule.Check(t.Context(), open(t, func(*cloud.Cloud) {})); err != nil {
					t.Errorf("a sound cloud breaks a rule: %v", err)
				}
			})
			synctest.Test(t, func(t *testing.T) {
				err := rule.Check(t.Context(), open(t, b.breaks))
				switch {
				case err == nil:
					t.Errorf("a cloud that %s breaks no rule", b.defect)
				case !strings.Contains(err.Error(), b.says) || !strings.Contains(err.Error(), rule.Promise):
					t.Errorf("a cloud that %s was found out for something else: %v", b.defect, err)
				}
			})
		})
	}
}

func find(t *testing.T, name string) cloudtest.Rule {
	for _, r := range cloudtest.Rules {
		if r.Name == name {
			return r
		}
	}
	t.Fatalf("there is no rule %q", name)
	return cloudtest.Rule{}
}

// open opens an embedded cloud; every cloud on its data gets the same defect.
func open(t *testing.T, breaks func(*cloud.Cloud)) cloudtest.Opened {
	return cloudtest.Folder(t, 0, func(ctx context.Context, dir string) (*cloud.Cloud, error) {
		master, err := localmaster.Open(dir, "", rand.Reader)
		if err != nil {
			return nil, err
		}
		c, err := embedded.Open(ctx, embedded.Config{Dir: dir, Wrapper: master, Now: time.Now})
		if err == nil {
			breaks(c)
		}
		return c, err
	})
}
