package cloudtest

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/once"
)

var accessRules = []Rule{
	{"auth/finds by hash", "Find is by hash, fault.NotFound where there is none", authFinds},
	{"auth/a hash is put once", "Put of a hash that is there is fault.Conflict.", authOnce},
	{"auth/a revoked key is found no more", "a revoked key is found no more, at once in this process", authRevokes},
	{"auth/revokes a tenant's own keys only", "Revoke(ctx context.Context, tenant, id string) error", authForeign},
	{"auth/lists oldest first", "Lister pages a tenant's keys by id, oldest first.", authLists},
	{"receipts/are claimed once", "Claim stores r if its key is free or older than `since` and answers with what stands there now and whether that is r", receiptsOnce},
	{"receipts/are claimed again when they are old", "or older than `since`", receiptsOld},
	{"receipts/keep the answer", "Finish fills Status and Answer.", receiptsFinish},
	{"receipts/belong to a scope", "whose idempotency key it is", receiptsScope},
	{"leases/are of one bucket", "Leases are buckets that all processes of a cloud share.", leasesShare},
}

func (s *session) bearer(tenant, name string) auth.Key {
	return auth.Key{
		ID: "key_" + s.id(), Tenant: tenant, Name: name, Scopes: []auth.Scope{auth.Read, auth.Write},
		Hash: sha256.Sum256([]byte(name)), CreatedAt: s.now(),
	}
}

func (s *session) putKey(tenant, name string) auth.Key {
	k := s.bearer(tenant, name)
	s.done("putting a key", s.Auth.Put(s.ctx, k))
	return k
}

func (s *session) findsKey(k auth.Key) {
	got, err := s.Auth.Find(s.ctx, k.Hash)
	s.done("finding a key", err)
	s.want(fmt.Sprint(got) == fmt.Sprint(k), "key %+v is found as %+v", k, got)
}

func authFinds(b *bench) {
	first := b.bearer("acme", "first")
	first.Operator, first.Scopes = true, []auth.Scope{auth.Admin}
	b.done("putting a key", b.Auth.Put(b.ctx, first))
	second := b.putKey("globex", "second")
	for range 2 {
		b.findsKey(first)
		b.findsKey(second)
		_, err := b.Auth.Find(b.ctx, sha256.Sum256([]byte("other")))
		b.refused("finding a key that is not there", err, fault.NotFound)
		_, err = b.Auth.Find(b.ctx, [32]byte{})
		b.refused("finding a key by no hash", err, fault.NotFound)
		b.crash()
	}
}

func authOnce(b *bench) {
	k := b.putKey("acme", "first")
	for _, tenant := range []string{"acme", "globex"} {
		b.refused("putting a hash again", b.Auth.Put(b.ctx, b.bearer(tenant, "first")), fault.Conflict)
	}
	b.findsKey(k)
	errs := side(6, func(i int) error {
		mine := b.bearer("acme", "raced")
		return b.Auth.Put(b.ctx, mine)
	})
	b.want(succeeded(errs) == 1, "%d of 6 putters of one hash succeeded", succeeded(errs))
}

func authRevokes(b *bench) {
	k, other := b.putKey("acme", "first"), b.putKey("acme", "second")
	b.findsKey(k)
	b.done("revoking a key", b.Auth.Revoke(b.ctx, "acme", k.ID))
	for range 2 {
		_, err := b.Auth.Find(b.ctx, k.Hash)
		b.refused("finding a revoked key", err, fault.NotFound)
		b.findsKey(other)
		b.crash()
	}
}

func authForeign(b *bench) {
	k := b.putKey("acme", "first")
	err := b.Auth.Revoke(b.ctx, "globex", k.ID) // refused or without effect
	b.want(err == nil || fault.KindOf(err) == fault.NotFound, "revoking another tenant's key failed with: %v", err)
	b.findsKey(k)
	keys, err := b.AuthList.ListKeys(b.ctx, "globex", "", 10)
	b.done("listing keys", err)
	b.want(len(keys) == 0, "a tenant without keys lists %d", len(keys))
}

func authLists(b *bench) {
	var want, got []string
	for i := range 5 {
		want = append(want, b.putKey("acme", fmt.Sprint(i)).ID)
		b.putKey("globex", fmt.Sprint("other ", i))
	}
	b.reopen()
	for after := ""; ; after = got[len(got)-1] {
		page, err := b.AuthList.ListKeys(b.ctx, "acme", after, 2)
		b.done("listing keys", err)
		b.want(len(page) <= 2, "a page of 2 keys holds %d", len(page))
		for _, k := range page {
			b.want(k.Tenant == "acme", "a tenant's keys list another's")
			got = append(got, k.ID)
		}
		if len(page) == 0 {
			break
		}
	}
	b.want(slices.Equal(got, want), "keys %v are listed as %v", want, got)
}

func (s *session) receipt(scope, key, body string) once.Receipt {
	return once.Receipt{
		Scope: scope, Key: key, Body: sha256.Sum256([]byte(body)), Seed: sha256.Sum256([]byte(s.id())), At: s.now(),
	}
}

func (s *session) claim(r once.Receipt, since int64, mine bool) once.Receipt {
	got, won, err := s.Receipts.Claim(s.ctx, r, since)
	s.done("a claim", err)
	s.want(won == mine, "a claim was answered with %v, not %v", won, mine)
	return got
}

func receiptsOnce(b *bench) {
	const n = 8
	since := b.now() - day.Milliseconds()
	receipts, got, won := make([]once.Receipt, n), make([]once.Receipt, n), make([]bool, n)
	for i := range receipts {
		receipts[i] = b.receipt("acme key_1", "k", "body")
	}
	for _, err := range side(n, func(i int) (err error) {
		got[i], won[i], err = b.Receipts.Claim(b.ctx, receipts[i], since)
		return err
	}) {
		b.done("a claim", err)
	}
	winners := 0
	for i := range won {
		b.want(got[i].Seed == got[0].Seed && got[i].Scope == "acme key_1" && got[i].Key == "k", "two claims of one key were answered with different receipts")
		b.want(!won[i] || got[i].Seed == receipts[i].Seed, "a claim won and was answered with another's receipt")
		if won[i] {
			winners++
		}
	}
	b.want(winners == 1, "%d of %d claims of one key won", winners, n)
	b.crash()
	again := b.claim(b.receipt("acme key_1", "k", "other body"), since, false)
	if again.Status == once.Broken { // nobody works on it any more, and this cloud knows
		again.Status = once.Claimed
	}
	b.want(again.Seed == got[0].Seed && again.Body == receipts[0].Body && again.Status == 0 && again.Answer == nil && again.At == got[0].At,
		"after a crash another receipt stands there")
}

func receiptsOld(b *bench) {
	first := b.receipt("acme key_1", "k", "body")
	b.claim(first, 0, true)
	first.Status, first.Answer = 201, []byte("{}")
	b.done("finishing", b.Receipts.Finish(b.ctx, first))
	b.pass(day)
	b.want(b.claim(b.receipt("acme key_1", "k", "body"), first.At-1, false).Status == 201, "a receipt that is not older than asked was claimed")
	second := b.receipt("acme key_1", "k", "body 2")
	got := b.claim(second, first.At+1, true)
	b.want(got.Seed == second.Seed && got.Status == 0 && got.Answer == nil, "an old receipt was claimed and answered with %+v", got)
	got = b.claim(b.receipt("acme key_1", "k", "body 3"), first.At+1, false)
	b.want(got.Seed == second.Seed && got.Body == second.Body && got.At == second.At, "a receipt that was claimed again is not the newer one")
}

func receiptsFinish(b *bench) {
	r := b.receipt("acme key_1", "k", "body")
	b.claim(r, 0, true)
	r.Status, r.Answer = 409, []byte("{\"a\":\"\x00\"}")
	b.done("finishing", b.Receipts.Finish(b.ctx, r))
	for range 2 {
		got := b.claim(b.receipt("acme key_1", "k", "body"), 0, false)
		b.want(got.Status == 409 && string(got.Answer) == string(r.Answer) && got.Seed == r.Seed && got.Body == r.Body && got.At == r.At,
			"a finished receipt %+v is answered as %+v", r, got)
		b.crash()
	}
}

func receiptsScope(b *bench) {
	for _, r := range []once.Receipt{
		b.receipt("acme key_1", "k", "body"), b.receipt("acme key_2", "k", "body"), b.receipt("globex key_1", "k", "body"),
		b.receipt("acme key_1", "K", "body"), b.receipt("acme key", "_1k", "body"), b.receipt("acme key_1", "k ", "body"),
	} {
		got := b.claim(r, 0, true)
		b.want(got.Seed == r.Seed, "a claim was answered with another scope's receipt")
	}
}

// leasesShare has many draw at once: a bucket gives no more than it holds, and
// what came in since.
func leasesShare(b *bench) {
	if b.Leases == nil {
		return // one process serves all
	}
	size := auth.Bucket{PerSecond: 2, Burst: 20}
	now := b.opened.Now()
	const n = 8
	draw := func(at time.Time) (total int) {
		granted := make([]int, n)
		for _, err := range side(n, func(i int) (err error) {
			granted[i], _, err = b.Leases.Draw(b.ctx, "key_1", size, 5, at)
			return err
		}) {
			b.done("a lease", err)
		}
		for _, g := range granted {
			b.want(g >= 0 && g <= 5, "of 5 requests that were asked for %d were granted", g)
			total += g
		}
		return total
	}
	for _, step := range []struct {
		later time.Duration
		want  int
	}{{0, 20}, {0, 0}, {3 * second, 6}, {day, 20}} {
		now = now.Add(step.later)
		got := draw(now)
		b.want(got == step.want, "%s later a bucket of 20 that fills by 2 gave %d, not %d", step.later, got, step.want)
		b.crash()
	}
	for i, at := range []time.Time{now, now.Add(-second), now} { // one process's clock lags
		_, left, err := b.Leases.Draw(b.ctx, "key_2", size, 5, at)
		b.done("another key's lease", err)
		b.want(left == float64(15-5*i), "another key's bucket holds %v after %d leases of 5 of 20", left, i+1)
	}
}
