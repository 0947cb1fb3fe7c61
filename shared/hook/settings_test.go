package hook_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/redact"
)

func TestAHookStandsAsItWasAskedFor(t *testing.T) {
	h := open(t)
	h.add("before")
	namespace, filter := ptr("n"), any(map[string]any{"user_id": []any{"ann"}})
	made, secret, err := h.Hooks.Create(h.ctx, home, draw(), "hook-1", "key_1", hook.Settings{
		Name: ptr("all"), Description: ptr("says all"), URL: ptr("https://example.com/in"), Dialect: "rem",
		Events: ptr([]string{"memory.deleted", "memory.deleted", "memory.created"}), Namespace: &namespace, Filter: &filter,
		Redaction: ptr("metadata_only"), MaxRetries: ptr(7), Generate: true,
	})
	h.must(err)
	got, err := h.Hooks.Get(h.ctx, home, "hook-1")
	h.must(err)
	if !reflect.DeepEqual(got.Causes, []events.Cause{events.Forgotten, events.MemoryErased, events.Created}) || *got.Namespace != "n" ||
		!got.Pattern.Names("user_id") || got.Redaction != redact.MetadataOnly || got.MaxRetries != 7 || got.Mode != hook.Webhook || got.Description != "says all" {
		t.Errorf("it stands as %+v", got)
	}
	if got.State != hook.Active || got.Since != 1 || got.CreatedAt != noon.UnixMilli() || got.Version != 1 || made.Version != 1 || got.Memory != home {
		t.Errorf("it stands as %+v", got)
	}
	if secret == nil || !strings.HasPrefix(secret.Reveal(), "whsec_") || got.Secret == nil || strings.Contains(string(got.Secret.Box), secret.Reveal()) {
		t.Errorf("the secret is %v", secret)
	}
}

func TestAHookHasDefaultsAndNoSecretUnlessAsked(t *testing.T) {
	h := open(t)
	made, secret, err := h.Hooks.Create(h.ctx, home, draw(), "hook-1", "key_1", plain())
	h.must(err)
	if secret != nil || made.Secret != nil || made.Redaction != redact.Full || made.Causes != nil || made.Namespace != nil || made.State != hook.Active || made.Since != 0 {
		t.Errorf("it stands as %+v", made)
	}
	signs, err := h.Hooks.Open(h.ctx, made, noon)
	if err != nil || signs.Product != nil || signs.Standard != nil {
		t.Errorf("it signs with %v, %v", signs, err)
	}
}

// refusals are settings that no hook can have, and why.
var refusals = []struct {
	name string
	set  func(*hook.Settings)
	kind fault.Kind
	says string
}{
	{"dialect", func(s *hook.Settings) { s.Dialect = "rem2" }, fault.InvalidField, "areev"},
	{"no dialect", func(s *hook.Settings) { s.Dialect = "" }, fault.InvalidField, "areev"},
	{"event", func(s *hook.Settings) { s.Events = ptr([]string{"grain_created", "memory.created"}) }, fault.InvalidField, "grain_forgotten"},
	{"name", func(s *hook.Settings) { s.Name = ptr(strings.Repeat("x", 257)) }, fault.InvalidField, "256"},
	{"description", func(s *hook.Settings) { s.Description = ptr(strings.Repeat("x", 2049)) }, fault.InvalidField, "2048"},
	{"retries above", func(s *hook.Settings) { s.MaxRetries = ptr(hook.MaxRetries + 1) }, fault.InvalidField, "0 to 20"},
	{"retries below", func(s *hook.Settings) { s.MaxRetries = ptr(-1) }, fault.InvalidField, "0 to 20"},
	{"mode", func(s *hook.Settings) { s.Mode = ptr(hook.Mode("mail")) }, fault.InvalidField, "webhook"},
	{"url of a polled hook", func(s *hook.Settings) { s.Mode = ptr(hook.CDC) }, fault.InvalidField, "leave url out"},
	{"no url", func(s *hook.Settings) { s.URL = nil }, fault.MissingField, "url"},
	{"empty url", func(s *hook.Settings) { s.URL = ptr("") }, fault.MissingField, "url"},
	{"url", func(s *hook.Settings) { s.URL = ptr("ftp://example.com") }, fault.InvalidField, "http"},
	{"user info", func(s *hook.Settings) { s.URL = ptr("https://me:pw@example.com") }, fault.InvalidField, "user"},
	{"private url", func(s *hook.Settings) { s.URL = ptr("http://10.0.0.1/") }, fault.InvalidField, "MEMHOOKS_ALLOW_DESTINATIONS"},
	{"filter", func(s *hook.Settings) { s.Filter = ptr(any(map[string]any{"colour": []any{"red"}})) }, fault.InvalidField, "colour"},
	{"event of a filter", func(s *hook.Settings) { s.Filter = ptr(any(map[string]any{"event_type": []any{"created"}})) }, fault.InvalidField, "grain_created"},
	{"redaction", func(s *hook.Settings) { s.Redaction = ptr("some") }, fault.InvalidField, "hash_only"},
	{"empty secret", func(s *hook.Settings) { s.Secret = ptr("") }, fault.InvalidField, "secret"},
}

func TestARefusedCreationLeavesNothing(t *testing.T) {
	h := open(t)
	for _, tc := range refusals {
		set := plain()
		tc.set(&set)
		_, secret, err := h.Hooks.Create(h.ctx, home, draw(), "hook-1", "key_1", set)
		h.refused(tc.name, err, tc.kind)
		if err != nil && !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %q says nothing of %q", tc.name, err, tc.says)
		}
		if secret != nil && tc.name != "empty secret" {
			t.Errorf("%s: a secret comes with the refusal", tc.name)
		}
	}
	_, _, err := h.Hooks.Create(h.ctx, change.Memory{Tenant: "main", ID: "nowhere"}, draw(), "hook-1", "key_1", plain())
	h.refused("no memory", err, fault.NotFound)
	if all, err := h.Hooks.List(h.ctx, home); err != nil || len(all) != 0 {
		t.Errorf("%d hooks stand, %v", len(all), err)
	}
	h.create("hook-1", plain())
	_, _, err = h.Hooks.Create(h.ctx, home, draw(), "hook-1", "key_1", plain())
	h.refused("a taken id", err, fault.Conflict)
}

func TestARefusedChangeLeavesTheHookAsItWas(t *testing.T) {
	h := open(t)
	was := h.create("hook-1", plain())
	for _, tc := range refusals {
		set := hook.Settings{Name: ptr("changed")}
		tc.set(&set)
		if set.Mode != nil && *set.Mode == hook.CDC {
			continue // the mode is fixed
		}
		if strings.Contains(tc.name, "dialect") || tc.name == "no url" || tc.name == "empty secret" {
			continue // said at creation only
		}
		_, err := h.change("hook-1", set)
		h.refused(tc.name, err, tc.kind)
	}
	_, err := h.change("hook-1", hook.Settings{Active: ptr(true), Resume: "later"})
	h.refused("resume", err, fault.InvalidField)
	if now, err := h.Hooks.Get(h.ctx, home, "hook-1"); err != nil || !reflect.DeepEqual(now, was) {
		t.Errorf("it was %+v and is %+v, %v", was, now, err)
	}
	_, err = h.change("hook-2", hook.Settings{})
	h.refused("unknown hook", err, fault.NotFound)
}

func TestTheBoundsThemselvesAreAccepted(t *testing.T) {
	h := open(t)
	set := plain()
	set.Name, set.Description, set.MaxRetries = ptr(strings.Repeat("x", 256)), ptr(strings.Repeat("x", 2048)), ptr(hook.MaxRetries)
	set.URL = ptr("http://127.0.0.1:9/allowed")
	h.create("hook-1", set)
	h.create("hook-2", hook.Settings{Mode: ptr(hook.CDC), Dialect: "standard", MaxRetries: ptr(0), Events: ptr([]string{})})
}

func TestAChangeLeavesWhatItDoesNotName(t *testing.T) {
	h := open(t)
	set := plain()
	namespace := ptr("n")
	set.Namespace, set.Generate = &namespace, true
	was := h.create("hook-1", set)
	got, err := h.change("hook-1", hook.Settings{Name: ptr("other")})
	h.must(err)
	want := was
	want.Name, want.Version = "other", was.Version+1
	if !reflect.DeepEqual(got, want) {
		t.Errorf("it is %+v, want %+v", got, want)
	}
	all, none := ptr((*string)(nil)), ptr(any(nil))
	got, err = h.change("hook-1", hook.Settings{Namespace: all, Filter: none, Events: ptr([]string{"crypto_erase"})})
	h.must(err)
	if got.Namespace != nil || !reflect.DeepEqual(got.Causes, []events.Cause{events.Erased}) {
		t.Errorf("it is %+v", got)
	}
}
