package hook_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/redact"
	"github.com/memhooks/memhooks/shared/seal"
)

func TestFullContentOfADetectingMemoryNeedsAnAcknowledgement(t *testing.T) {
	h := open(t)
	h.policies("gdpr")
	for name, set := range map[string]func(*hook.Settings){
		"by default":     func(*hook.Settings) {},
		"by name":        func(s *hook.Settings) { s.Redaction = ptr("full") },
		"acknowledged n": func(s *hook.Settings) { s.PIIRisk = ptr(false) },
		"with a secret":  func(s *hook.Settings) { s.Generate = true },
	} {
		s := plain()
		set(&s)
		_, secret, err := h.Hooks.Create(h.ctx, home, draw(), "hook-1", "key_1", s)
		h.refused(name, err, fault.PIIRisk)
		if err != nil && (!strings.Contains(err.Error(), "COMP-H1") || secret != nil) {
			t.Errorf("%s: %v, %v", name, err, secret)
		}
	}
	if all, err := h.Hooks.List(h.ctx, home); err != nil || len(all) != 0 {
		t.Errorf("%d hooks stand, %v", len(all), err)
	}
	s := plain()
	s.PIIRisk = ptr(true)
	made := h.create("hook-1", s)
	if want := (&hook.Acknowledgement{At: noon.UnixMilli(), KeyID: "key_1"}); !reflect.DeepEqual(made.PIIRisk, want) {
		t.Errorf("the acknowledgement is %+v", made.PIIRisk)
	}
	s = plain()
	s.Redaction = ptr("hash_only")
	tight := h.create("hook-2", s)
	_, err := h.change(tight.ID, hook.Settings{Redaction: ptr("full")})
	h.refused("widened later", err, fault.PIIRisk)
	_, err = h.change(made.ID, hook.Settings{PIIRisk: ptr(false)})
	h.refused("withdrawn while full", err, fault.PIIRisk)
	now, err := h.change(tight.ID, hook.Settings{Redaction: ptr("full"), PIIRisk: ptr(true)})
	if err != nil || now.PIIRisk == nil || now.PIIRisk.KeyID != "key_2" {
		t.Errorf("widened with an acknowledgement: %+v, %v", now, err)
	}
}

func TestAPolicyThatComesLaterTightensUntilAcknowledged(t *testing.T) {
	h := open(t)
	made := h.create("hook-1", plain())
	mode := func() redact.Mode {
		now, err := h.Hooks.Get(h.ctx, home, made.ID)
		h.must(err)
		m, err := h.Hooks.Effective(h.ctx, now)
		h.must(err)
		return m
	}
	if mode() != redact.Full {
		t.Errorf("without policies: %s", mode())
	}
	h.policies("house rules")
	if mode() != redact.MetadataOnly {
		t.Errorf("with one: %s", mode())
	}
	if _, err := h.change(made.ID, hook.Settings{Name: ptr("renamed")}); err != nil {
		t.Errorf("a change of its name asks for the acknowledgement: %v", err)
	}
	_, err := h.change(made.ID, hook.Settings{PIIRisk: ptr(true)})
	h.must(err)
	if mode() != redact.Full {
		t.Errorf("acknowledged: %s", mode())
	}
	h.policies()
	if mode() != redact.Full {
		t.Errorf("without policies again: %s", mode())
	}
}

func TestAHookIsPausedAndResumed(t *testing.T) {
	h := open(t)
	h.create("hook-1", plain())
	state := func(set hook.Settings) hook.State {
		t.Helper()
		now, err := h.change("hook-1", set)
		h.must(err)
		return now.State
	}
	if s := state(hook.Settings{Active: ptr(false)}); s != hook.Paused {
		t.Errorf("paused: %s", s)
	}
	if s := state(hook.Settings{Name: ptr("renamed")}); s != hook.Paused {
		t.Errorf("renamed: %s", s)
	}
	for _, resume := range []string{"", "backlog", "latest"} {
		if s := state(hook.Settings{Active: ptr(true), Resume: resume}); s != hook.Active {
			t.Errorf("resumed (%q): %s", resume, s)
		}
		state(hook.Settings{Active: ptr(false)})
	}
	for _, stopped := range []hook.State{hook.Held, hook.Disabled} {
		now, err := h.Hooks.Get(h.ctx, home, "hook-1")
		h.must(err)
		now.State = stopped
		_, err = h.Cloud.Hooks.Put(h.ctx, now)
		h.must(err)
		want := hook.Paused
		if stopped == hook.Disabled {
			want = stopped
		}
		if s := state(hook.Settings{Active: ptr(false)}); s != want {
			t.Errorf("%s, told to pause, is %s", stopped, s)
		}
		if s := state(hook.Settings{Active: ptr(true)}); s != hook.Active {
			t.Errorf("%s, resumed, is %s", stopped, s)
		}
	}
}

func TestResumingAtTheLatestSkipsWhatWaited(t *testing.T) {
	for _, resume := range []string{"backlog", "latest"} {
		h := open(t)
		h.create("hook-1", plain())
		_, err := h.change("hook-1", hook.Settings{Active: ptr(false)})
		h.must(err)
		for range 3 {
			h.add("x")
		}
		_, err = h.change("hook-1", hook.Settings{Active: ptr(true), Resume: resume})
		h.must(err)
		counts, err := h.Cloud.Ledger.Counts(h.ctx, home, "hook-1")
		h.must(err)
		want := "map[pending:3]"
		if resume == "latest" {
			want = "map[skipped:3]"
		}
		for status, n := range counts {
			if n == 0 {
				delete(counts, status)
			}
		}
		if got := fmt.Sprint(counts); got != want {
			t.Errorf("%s: %s, want %s", resume, got, want)
		}
	}
}

func TestDuringARotationTheOldSecretSignsTheProductHeader(t *testing.T) {
	h := open(t)
	set := plain()
	set.Secret = ptr("first")
	h.create("hook-1", set)
	made, second, err := h.Hooks.Rotate(h.ctx, home, draw(), "hook-1", ptr("second"), time.Hour)
	h.must(err)
	if second.Reveal() != "second" {
		t.Errorf("it answers with %q", second.Reveal())
	}
	for _, tc := range []struct {
		at       time.Duration
		product  string
		standard []string
	}{
		{0, "first", []string{"second", "first"}},
		{time.Hour - time.Millisecond, "first", []string{"second", "first"}},
		{time.Hour, "second", []string{"second"}},
		{48 * time.Hour, "second", []string{"second"}},
	} {
		signs, err := h.Hooks.Open(h.ctx, made, noon.Add(tc.at))
		h.must(err)
		var standard []string
		for _, s := range signs.Standard {
			standard = append(standard, s.Reveal())
		}
		if signs.Product.Reveal() != tc.product || !reflect.DeepEqual(standard, tc.standard) {
			t.Errorf("after %v: product %q, standard %q", tc.at, signs.Product.Reveal(), standard)
		}
	}
}

func TestARotationWithoutOverlapSwitchesAtOnce(t *testing.T) {
	h := open(t)
	h.create("hook-1", plain())
	for _, overlap := range []time.Duration{hook.DefaultOverlap, 0} { // the first finds no secret to overlap with
		made, fresh, err := h.Hooks.Rotate(h.ctx, home, draw(), "hook-1", nil, overlap)
		h.must(err)
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(fresh.Reveal(), "whsec_"))
		if err != nil || len(key) != 32 {
			t.Errorf("it makes %d bytes, %v", len(key), err)
		}
		signs, err := h.Hooks.Open(h.ctx, made, noon)
		h.must(err)
		if len(signs.Standard) != 1 || signs.Product.Reveal() != fresh.Reveal() {
			t.Errorf("%d secrets sign", len(signs.Standard))
		}
	}
	for _, overlap := range []time.Duration{-time.Second, 31 * 24 * time.Hour} {
		_, _, err := h.Hooks.Rotate(h.ctx, home, draw(), "hook-1", nil, overlap)
		h.refused(overlap.String(), err, fault.InvalidField)
	}
	_, _, err := h.Hooks.Rotate(h.ctx, home, draw(), "hook-1", ptr(""), 0)
	h.refused("empty", err, fault.InvalidField)
	_, _, err = h.Hooks.Rotate(h.ctx, home, draw(), "hook-2", nil, 0)
	h.refused("unknown hook", err, fault.NotFound)
}

// Secrets are sealed where no erasure reaches, and bound to their hook.
func TestSecretsOutliveErasuresAndKeyRotations(t *testing.T) {
	h := open(t)
	set := plain()
	set.Secret = ptr("kept")
	made := h.create("hook-1", set)
	_, err := h.Memory.Erase(h.ctx, home, draw(), seal.Selector{Scope: "\x00hooks"})
	h.refused("erasing the house's own scope", err, fault.InvalidField)
	h.add("x")
	_, err = h.Memory.Erase(h.ctx, home, draw(), seal.Selector{Scope: "n"})
	h.must(err)
	_, _, err = h.Memory.Rotate(h.ctx, home, draw())
	h.must(err)
	if signs, err := h.Hooks.Open(h.ctx, made, noon); err != nil || signs.Product.Reveal() != "kept" {
		t.Errorf("it signs with %v, %v", signs, err)
	}
	stolen := h.create("hook-2", plain())
	stolen.Secret = made.Secret
	if signs, err := h.Hooks.Open(h.ctx, stolen, noon); err == nil {
		t.Errorf("another hook signs with %v", signs)
	}
}

func TestConcurrentChangesAreAllKept(t *testing.T) {
	h := open(t)
	h.create("hook-1", plain())
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			set := hook.Settings{MaxRetries: ptr(i)}
			if i%2 == 0 {
				set = hook.Settings{Description: ptr(fmt.Sprint(i))}
			}
			if _, err := h.change("hook-1", set); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	now, err := h.Hooks.Get(h.ctx, home, "hook-1")
	if err != nil || now.Version != 9 || now.Description == "" || now.MaxRetries%2 == 0 {
		t.Errorf("it stands as %+v, %v", now, err)
	}
}

func TestHooksAreListedInTheOrderOfTheirMakingUntilRemoved(t *testing.T) {
	h := open(t)
	for _, id := range []string{"hook-c", "hook-a", "hook-b"} {
		h.create(id, plain())
	}
	h.must(h.Hooks.Remove(h.ctx, home, "hook-a"))
	h.must(h.Hooks.Remove(h.ctx, home, "hook-a"))
	all, err := h.Hooks.List(h.ctx, home)
	h.must(err)
	if len(all) != 2 || all[0].ID != "hook-c" || all[1].ID != "hook-b" {
		t.Errorf("listed %+v", all)
	}
	_, err = h.Hooks.Get(h.ctx, home, "hook-a")
	h.refused("removed", err, fault.NotFound)
	_, err = h.Hooks.Get(h.ctx, change.Memory{Tenant: "rival", ID: home.ID}, "hook-b")
	h.refused("another tenant's", err, fault.NotFound)
}

func TestARefusedResumeSkipsNothing(t *testing.T) {
	h := open(t)
	h.create("hook-1", plain())
	h.create("hook-2", hook.Settings{Mode: ptr(hook.CDC), Dialect: "areev"})
	for _, id := range []string{"hook-1", "hook-2"} {
		_, err := h.change(id, hook.Settings{Active: ptr(false)})
		h.must(err)
	}
	h.add("x")
	was, err := h.Hooks.List(h.ctx, home)
	h.must(err)
	_, err = h.change("hook-1", hook.Settings{Active: ptr(true), Resume: "latest", MaxRetries: ptr(99)})
	h.refused("too many retries", err, fault.InvalidField)
	_, err = h.change("hook-2", hook.Settings{Active: ptr(true), Resume: "latest", Description: ptr("d")})
	h.refused("a polled hook", err, fault.InvalidField)
	now, err := h.Hooks.List(h.ctx, home)
	h.must(err)
	counts, err := h.Cloud.Ledger.Counts(h.ctx, home, "hook-1")
	h.must(err)
	if !reflect.DeepEqual(was, now) || counts[delivery.StatusSkipped] != 0 {
		t.Errorf("they were %+v and are %+v; %v", was, now, counts)
	}
}

func TestTheDeliveryModeIsFixed(t *testing.T) {
	h := open(t)
	h.create("hook-1", plain())
	h.create("hook-2", hook.Settings{Mode: ptr(hook.CDC), Dialect: "areev"})
	_, err := h.change("hook-1", hook.Settings{Mode: ptr(hook.CDC), URL: ptr("")})
	h.refused("pushed to polled", err, fault.Conflict)
	_, err = h.change("hook-2", hook.Settings{Mode: ptr(hook.Webhook), URL: ptr("https://example.com/in")})
	h.refused("polled to pushed", err, fault.Conflict)
	_, err = h.change("hook-1", hook.Settings{Mode: ptr(hook.Webhook), Name: ptr("same")})
	h.must(err)
}

// full is a store of a memory that has as many hooks as may be.
type full struct{ hook.Store }

func (full) List(context.Context, change.Memory) ([]hook.Hook, error) {
	return make([]hook.Hook, hook.MaxHooks), nil
}

func TestAMemoryHasSoManyHooksAtMost(t *testing.T) {
	h := open(t)
	s := hook.New(hook.Config{Store: full{h.Cloud.Hooks}, Policies: h.Memory, URLs: nil})
	_, _, err := s.Create(h.ctx, home, draw(), "hook-1", "key_1", hook.Settings{Mode: ptr(hook.CDC), Dialect: "areev"})
	h.refused("one too many", err, fault.Conflict)
}
