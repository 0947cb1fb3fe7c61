package road_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/road"
)

func TestTheDefaultsAreTheContracts(t *testing.T) {
	got, err := road.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	want := road.Settings{
		Addr: "127.0.0.1:8080", Data: "./data", Cloud: "embedded", Auth: true,
		RetryBase: time.Second, RetryFactor: 2, RetryJitter: 0.2, Timeout: 10 * time.Second, HoldAfter: 20,
		AttemptsAtOnce: 512, FeedMaxAge: 720 * time.Hour, FeedMaxEvents: 1_000_000, Rate: 200, Burst: 400,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestWhatMakeRunGivesIsTaken(t *testing.T) {
	got, err := road.Load([]string{
		"MEMHOOKS_AUTH=off", "MEMHOOKS_ALLOW_DESTINATIONS=127.0.0.0/8, ::1/128,10.0.0.7", "MEMHOOKS_AUTO_CREATE=on", "MEMHOOKS_RATE=0",
		"MEMHOOKS_ADMIN_KEY_SHA256=" + strings.Repeat("Ab", 32), "MEMHOOKS_ADMIN_KEY=", "UNRELATED=1",
	})
	if err != nil {
		t.Fatal(err)
	}
	want := road.Prefixes{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"), netip.MustParsePrefix("10.0.0.7/32")}
	if !reflect.DeepEqual(got.Allow, want) || bool(got.Auth) || !bool(got.AutoCreate) || got.Rate != 0 || got.AdminKeySHA256[31] != 0xab {
		t.Errorf("got %+v", got)
	}
}

// Each wrong setting, and a word of what is accepted instead.
var wrong = []struct{ name, value, want string }{
	{"MEMHOOKS_ADDR", "8080", "host and a port"},
	{"MEMHOOKS_ADDR", "127.0.0.1:http", "host and a port"},
	{"MEMHOOKS_ADDR", "127.0.0.1:70000", "host and a port"},
	{"MEMHOOKS_CLOUD", "gcp", "embedded or aws"},
	{"MEMHOOKS_AUTH", "yes", "on or off"},
	{"MEMHOOKS_AUTH", "ON", "on or off"},
	{"MEMHOOKS_AUTO_CREATE", "true", "on or off"},
	{"MEMHOOKS_ADMIN_KEY_SHA256", strings.Repeat("a", 63), "64 hex digits"},
	{"MEMHOOKS_ADMIN_KEY_SHA256", strings.Repeat("z", 64), "64 hex digits"},
	{"MEMHOOKS_ADMIN_KEY", "ar_too-short", "16 or more"},
	{"MEMHOOKS_ADMIN_KEY", "ar_with a space in it", "without spaces"},
	{"MEMHOOKS_ALLOW_DESTINATIONS", "10.0.0.0/33", "10.1.0.0/16"},
	{"MEMHOOKS_ALLOW_DESTINATIONS", "localhost", "10.1.0.0/16"},
	{"MEMHOOKS_RETRY_BASE", "soon", "duration"},
	{"MEMHOOKS_RETRY_BASE", "5", "duration"},
	{"MEMHOOKS_RETRY_BASE", "0s", "above 0"},
	{"MEMHOOKS_RETRY_BASE", "61m", "up to 1h"},
	{"MEMHOOKS_RETRY_FACTOR", "0.9", "from 1 to 10"},
	{"MEMHOOKS_RETRY_FACTOR", "NaN", "from 1 to 10"},
	{"MEMHOOKS_RETRY_FACTOR", "two", "a number"},
	{"MEMHOOKS_RETRY_JITTER", "1", "less than 1"},
	{"MEMHOOKS_RETRY_JITTER", "-0.1", "from 0"},
	{"MEMHOOKS_TIMEOUT", "0", "1ms to 5m"},
	{"MEMHOOKS_TIMEOUT", "5m1ms", "1ms to 5m"},
	{"MEMHOOKS_HOLD_AFTER", "0", "whole number from 1"},
	{"MEMHOOKS_HOLD_AFTER", "1.5", "a whole number"},
	{"MEMHOOKS_ATTEMPTS_AT_ONCE", "0", "from 1 to"},
	{"MEMHOOKS_FEED_MAX_AGE", "-1h", "above 0"},
	{"MEMHOOKS_FEED_MAX_AGE", "876001h", "876000h"},
	{"MEMHOOKS_FEED_MAX_EVENTS", "0", "from 1"},
	{"MEMHOOKS_FEED_MAX_EVENTS", "9223372036854775807", "from 1"},
	{"MEMHOOKS_RATE", "-1", "0 for no limit"},
	{"MEMHOOKS_RATE", "Inf", "0 for no limit"},
	{"MEMHOOKS_BURST", "0", "from 1"},
	{"MEMHOOKS_RETRY_BASE", "1s\nsecond line", "duration"},
}

func TestAWrongSettingIsOneLineWithNameValueAndWhatIsAccepted(t *testing.T) {
	for _, tc := range wrong {
		_, err := road.Load([]string{tc.name + "=" + tc.value, "MEMHOOKS_MASTER_KEY=ar_hunter2"})
		if err == nil {
			t.Errorf("%s=%q is accepted", tc.name, tc.value)
			continue
		}
		line := err.Error()
		shown := fmt.Sprintf("%q", tc.value)
		if strings.HasPrefix(tc.name, "MEMHOOKS_ADMIN_KEY") {
			if strings.Contains(line, tc.value) {
				t.Errorf("a secret is shown: %s", line)
			}
			shown = "[hidden]"
		}
		if !strings.HasPrefix(line, tc.name+"=") || !strings.Contains(line, shown) || !strings.Contains(line, tc.want) {
			t.Errorf("%s=%q: %s", tc.name, tc.value, line)
		}
		if strings.Contains(line, "\n") || strings.Contains(line, "hunter2") {
			t.Errorf("%s: more than a line, or a secret in it: %q", tc.name, line)
		}
	}
}

func TestTheFirstOfSeveralWrongSettingsIsNamed(t *testing.T) {
	_, err := road.Load([]string{"MEMHOOKS_RETRY_BASE=soon", "MEMHOOKS_BURST=many"})
	if err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "MEMHOOKS_") {
		t.Errorf("%v", err)
	}
}

func TestTheAdminKeyIsGivenOnce(t *testing.T) {
	const raw = "ar_sesame-sesame"
	_, err := road.Load([]string{"MEMHOOKS_ADMIN_KEY=" + raw, "MEMHOOKS_ADMIN_KEY_SHA256=" + strings.Repeat("ab", 32)})
	if err == nil || !strings.HasPrefix(err.Error(), "MEMHOOKS_ADMIN_KEY_SHA256=") || !strings.Contains(err.Error(), "not both") || strings.Contains(err.Error(), raw) {
		t.Errorf("%v", err)
	}
}

func TestAuthenticationIsOffOnThisMachineOnly(t *testing.T) {
	for addr, want := range map[string]bool{
		"127.0.0.1:1": true, "127.9.9.9:1": true, "[::1]:1": true, "localhost:1": true,
		":8080": false, "0.0.0.0:1": false, "[::]:1": false, "10.0.0.1:1": false, "example.com:1": false, "localhost.example.com:1": false,
	} {
		_, err := road.Load([]string{"MEMHOOKS_AUTH=off", "MEMHOOKS_ADDR=" + addr})
		if (err == nil) != want {
			t.Errorf("off on %s: %v", addr, err)
		}
		if err != nil && !strings.HasPrefix(err.Error(), `MEMHOOKS_AUTH="off": use on`) {
			t.Errorf("off on %s: %v", addr, err)
		}
		if _, err := road.Load([]string{"MEMHOOKS_ADDR=" + addr}); err != nil {
			t.Errorf("on on %s: %v", addr, err)
		}
	}
}

// A raw key may even stand where its digest belongs: no message shows it.
func TestSecretSettingsArePrintedNowhere(t *testing.T) {
	const raw = "ar_sesame-sesame"
	s, err := road.Load([]string{"MEMHOOKS_ADMIN_KEY=" + raw, "MEMHOOKS_MASTER_KEY=" + raw})
	if err != nil || string(s.AdminKey) != raw || string(s.MasterKey) != raw {
		t.Fatalf("the settings themselves have it: %v", err)
	}
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("start", "settings", s, "key", s.AdminKey)
	slog.New(slog.NewTextHandler(&logged, nil)).Info("start", "settings", s, "key", s.AdminKey)
	asJSON, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	_, mistaken := road.Load([]string{"MEMHOOKS_ADMIN_KEY_SHA256=" + raw})
	for _, text := range []string{
		logged.String(), string(asJSON), mistaken.Error(), s.AdminKey.String(),
		fmt.Sprintf("%v %+v %#v %s %q %x %d", s, s, s, s.AdminKey, s.AdminKey, s.AdminKey, s.AdminKey),
	} {
		if strings.Contains(text, raw) || strings.Contains(text, fmt.Sprintf("%x", raw)) {
			t.Errorf("the key is in %s", text)
		}
	}
}

func FuzzAnySettingLoadsOrIsNamedInOneLine(f *testing.F) {
	for i, tc := range wrong {
		f.Add(uint8(i), tc.value)
	}
	f.Fuzz(func(t *testing.T, which uint8, value string) {
		name := wrong[int(which)%len(wrong)].name
		_, err := road.Load([]string{name + "=" + value})
		if err != nil && (!strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s=%q: %v", name, value, err)
		}
	})
}
