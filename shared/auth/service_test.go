package auth_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/auth/authtest"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
)

var (
	noon = time.Date(2026, 4, 13, 12, 0, 0, 0, time.UTC)
	bg   = context.Background()
)

func draw(n byte) change.Draw { return change.Seeded(noon, [32]byte{n}) }

var boss = auth.Key{ID: "key_boss", Tenant: "default", Scopes: []auth.Scope{auth.Admin}, Operator: true}

func wants(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	if err == nil || fault.KindOf(err) != kind {
		t.Errorf("error %v, want kind %d", err, kind)
	}
}

func TestAKeyIsKnownByItsRawFormUntilItIsRevoked(t *testing.T) {
	keys := &authtest.Keys{}
	s := auth.New(keys, keys)
	k, raw, err := s.Create(bg, boss, draw(1), auth.Wish{Name: "n"})
	if err != nil || !regexp.MustCompile(`^ap_[0-9A-Za-z]{40}$`).MatchString(raw) || !slices.Equal(k.Scopes, []auth.Scope{auth.Read, auth.Write}) {
		t.Fatalf("%+v %q %v", k, raw, err)
	}
	if k.Hash != sha256.Sum256([]byte(raw)) {
		t.Error("what is kept is the hash of the raw key")
	}
	for range 3 {
		if got, err := s.Authenticate(bg, raw, noon); err != nil || got.ID != k.ID {
			t.Errorf("%+v %v", got, err)
		}
	}
	if keys.Finds != 1 {
		t.Errorf("%d look-ups: what was found is believed for a while", keys.Finds)
	}
	if err := s.Revoke(bg, boss, "", k.ID); err != nil {
		t.Fatal(err)
	}
	_, err = s.Authenticate(bg, raw, noon)
	wants(t, err, fault.InvalidKey)
	wants(t, s.Revoke(bg, boss, "", k.ID), fault.NotFound)
}

func TestTheLastKeyThatMayManageKeysDoesNotEndItself(t *testing.T) {
	keys := &authtest.Keys{}
	s := auth.New(keys, keys)
	made := func(n byte, tenant string, scopes ...auth.Scope) auth.Key {
		k, _, err := s.Create(bg, boss, draw(n), auth.Wish{Tenant: tenant, Scopes: scopes})
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	first, reader := made(1, "acme", auth.Admin), made(2, "acme", auth.Read)
	made(3, "other", auth.Admin)
	wants(t, s.Revoke(bg, first, "", first.ID), fault.Conflict)
	wants(t, s.Revoke(bg, first, "acme", first.ID), fault.Conflict)
	second := made(4, "acme", auth.Admin)
	for _, step := range []struct {
		by, of auth.Key
		why    string
	}{
		{reader, reader, "it manages no keys"}, {first, first, "there is another"}, {boss, second, "the operator may, whoever it leaves"},
	} {
		if err := s.Revoke(bg, step.by, "acme", step.of.ID); err != nil {
			t.Errorf("%s: %v", step.why, err)
		}
	}
}

func TestAKeyRevokedElsewhereEndsWithinSeconds(t *testing.T) {
	keys := &authtest.Keys{}
	here, there := auth.New(keys, keys), auth.New(keys, keys)
	k, raw, _ := here.Create(bg, boss, draw(1), auth.Wish{})
	_, _ = here.Authenticate(bg, raw, noon)
	if err := there.Revoke(bg, boss, "", k.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := here.Authenticate(bg, raw, noon.Add(time.Second)); err != nil {
		t.Error("it is believed for two seconds")
	}
	_, err := here.Authenticate(bg, raw, noon.Add(2*time.Second))
	wants(t, err, fault.InvalidKey)
}

// What a wrong key costs does not tell how much of it is right: the
// store is asked once, for the whole hash.
func TestANearMissIsAsMuchWorkAsAFarOne(t *testing.T) {
	keys := &authtest.Keys{}
	s := auth.New(keys, keys)
	_, raw, err := s.Create(bg, boss, draw(1), auth.Wish{})
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(raw) { // right up to n
		last := byte('x')
		if raw[n] == last {
			last = 'y'
		}
		wrong := raw[:n] + string(last) + raw[n+1:]
		before := keys.Finds
		_, err := s.Authenticate(bg, wrong, noon)
		wants(t, err, fault.InvalidKey)
		if asked := keys.Finds - before; asked != 1 {
			t.Errorf("right up to %d: %d look-ups", n, asked)
		}
	}
}

func TestUnknownKeysAndBrokenStores(t *testing.T) {
	keys := &authtest.Keys{}
	s := auth.New(keys, keys)
	for _, raw := range []string{"", "ap_", "ar_x", strings.Repeat("x", 10_000)} {
		_, err := s.Authenticate(bg, raw, noon)
		wants(t, err, fault.InvalidKey)
	}
	keys.Failing = errors.New("the disk is gone")
	_, err := s.Authenticate(bg, "ap_x", noon)
	if err == nil || fault.KindOf(err) == fault.InvalidKey || !errors.Is(err, keys.Failing) {
		t.Errorf("a broken store is not a wrong key: %v", err)
	}
}

func TestTheSameDrawMakesTheSameKey(t *testing.T) {
	keys := &authtest.Keys{}
	s := auth.New(keys, keys)
	a, raw, _ := s.Create(bg, boss, draw(1), auth.Wish{})
	b, again, err := s.Create(bg, boss, draw(1), auth.Wish{})
	if err != nil || a.ID != b.ID || raw != again {
		t.Errorf("%v %v: %v", a, b, err)
	}
	if all, _ := s.List(bg, boss, "", "", 10); len(all) != 1 {
		t.Errorf("%d keys", len(all))
	}
}

func TestWishesAreChecked(t *testing.T) {
	keys := &authtest.Keys{}
	s := auth.New(keys, keys)
	plain := boss
	plain.Operator = false
	for _, c := range []struct {
		by   auth.Key
		wish auth.Wish
		kind fault.Kind
	}{
		{boss, auth.Wish{Scopes: []auth.Scope{"root"}}, fault.InvalidField},
		{boss, auth.Wish{Name: strings.Repeat("n", 257)}, fault.InvalidField},
		{boss, auth.Wish{Tenant: "Acme"}, fault.InvalidField},
		{boss, auth.Wish{Tenant: "-a"}, fault.InvalidField},
		{boss, auth.Wish{Tenant: strings.Repeat("a", 65)}, fault.InvalidField},
		{plain, auth.Wish{Tenant: "acme"}, fault.ScopeDenied},
	} {
		_, _, err := s.Create(bg, c.by, draw(1), c.wish)
		wants(t, err, c.kind)
	}
	k, raw, err := s.Create(bg, boss, draw(1), auth.Wish{Tenant: "acme", Scopes: []auth.Scope{auth.Write, auth.Admin, auth.Write}})
	if err != nil || k.Tenant != "acme" || len(k.Scopes) != 2 || !strings.HasPrefix(raw, "ar_") || k.Operator {
		t.Errorf("%+v %q %v", k, raw, err)
	}
	if _, _, err := s.Create(bg, plain, draw(2), auth.Wish{Tenant: "default"}); err != nil {
		t.Errorf("one's own tenant may be named: %v", err)
	}
	_, err = s.List(bg, plain, "acme", "", 10)
	wants(t, err, fault.ScopeDenied)
	wants(t, s.Revoke(bg, plain, "acme", k.ID), fault.ScopeDenied)
}

func TestScopes(t *testing.T) {
	for _, c := range []struct {
		has  auth.Scope
		may  []auth.Scope
		cant []auth.Scope
	}{
		{auth.Read, []auth.Scope{auth.Read}, []auth.Scope{auth.Write, auth.Admin}},
		{auth.Write, []auth.Scope{auth.Write}, []auth.Scope{auth.Read, auth.Admin}},
		{auth.Admin, []auth.Scope{auth.Read, auth.Write, auth.Admin}, nil},
	} {
		k := auth.Key{Scopes: []auth.Scope{c.has}}
		for _, s := range c.may {
			if !k.Has(s) {
				t.Errorf("%s has not %s", c.has, s)
			}
		}
		for _, s := range c.cant {
			if k.Has(s) {
				t.Errorf("%s has %s", c.has, s)
			}
		}
	}
}

func TestTheFirstKeyIsMadeOnce(t *testing.T) {
	keys := &authtest.Keys{}
	s := auth.New(keys, keys)
	raw, err := s.Bootstrap(bg, draw(1), auth.FirstKey{})
	if err != nil || !strings.HasPrefix(raw, "ar_") {
		t.Fatalf("%q %v", raw, err)
	}
	k, err := s.Authenticate(bg, raw, noon)
	if err != nil || !k.Operator || !k.Has(auth.Admin) || k.Tenant != auth.DefaultTenant {
		t.Errorf("%+v %v", k, err)
	}
	if again, err := s.Bootstrap(bg, draw(2), auth.FirstKey{}); again != "" || err != nil {
		t.Errorf("a second start made %q, %v", again, err)
	}
	given := "an operator's own key"
	_, err = s.Bootstrap(bg, draw(3), auth.FirstKey{Raw: given})
	wants(t, err, fault.InvalidField)
	given = strings.ReplaceAll(given, " ", "-")
	for range 2 {
		if raw, err := s.Bootstrap(bg, draw(3), auth.FirstKey{Raw: given}); raw != "" || err != nil {
			t.Errorf("%q %v", raw, err)
		}
	}
	if k, err := s.Authenticate(bg, given, noon); err != nil || !k.Operator {
		t.Errorf("%+v %v", k, err)
	}
	for _, bad := range []auth.FirstKey{{Raw: "short"}, {Raw: given, SHA256: [32]byte{1}}} {
		_, err := s.Bootstrap(bg, draw(4), bad)
		wants(t, err, fault.InvalidField)
	}
}

// Keys of nobody in particular, from a time without authentication, do not lock
// the operator out.
func TestTheFirstKeyIsMadeBesideOthers(t *testing.T) {
	keys := &authtest.Keys{}
	s := auth.New(keys, keys)
	open := auth.Key{Tenant: auth.DefaultTenant, Scopes: []auth.Scope{auth.Admin}, Operator: true}
	for n := range 3 {
		if _, _, err := s.Create(bg, open, draw(byte(n)), auth.Wish{Scopes: []auth.Scope{auth.Admin}}); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := s.Bootstrap(bg, draw(10), auth.FirstKey{})
	if err != nil || raw == "" {
		t.Fatalf("%q %v", raw, err)
	}
	if k, err := s.Authenticate(bg, raw, noon); err != nil || !k.Operator {
		t.Errorf("%+v %v", k, err)
	}
	if again, err := s.Bootstrap(bg, draw(11), auth.FirstKey{}); again != "" || err != nil {
		t.Errorf("a second start made %q, %v", again, err)
	}
}

func TestTheFirstKeyByItsHash(t *testing.T) {
	keys := &authtest.Keys{}
	s := auth.New(keys, keys)
	raw, hash, err := auth.NewAdminKey(draw(1))
	if err != nil {
		t.Fatal(err)
	}
	if told, err := s.Bootstrap(bg, draw(2), auth.FirstKey{SHA256: hash}); told != "" || err != nil {
		t.Errorf("%q %v", told, err)
	}
	if k, err := s.Authenticate(bg, raw, noon); err != nil || !k.Operator {
		t.Errorf("%+v %v", k, err)
	}
}

func FuzzAuthenticate(f *testing.F) {
	keys := &authtest.Keys{}
	s := auth.New(keys, keys)
	_, raw, err := s.Create(bg, boss, draw(1), auth.Wish{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add("")
	f.Add(raw + "\x00")
	f.Fuzz(func(t *testing.T, guess string) {
		if _, err := s.Authenticate(bg, guess, noon); (err == nil) != (guess == raw) {
			t.Errorf("%q: %v", guess, err)
		}
	})
}
