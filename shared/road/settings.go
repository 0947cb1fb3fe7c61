// Package road assembles the stages on a cloud: what one process runs whole,
// and of what each function runs one.
package road

import (
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"github.com/memhooks/memhooks/shared/auth"
)

// Settings are what an operator says in the environment. A field's name there
// is fixed by the contract.
type Settings struct {
	Addr           string        `env:"MEMHOOKS_ADDR" envDefault:"127.0.0.1:8080"`
	Data           string        `env:"MEMHOOKS_DATA" envDefault:"./data"`
	Cloud          string        `env:"MEMHOOKS_CLOUD" envDefault:"embedded"`
	Auth           Switch        `env:"MEMHOOKS_AUTH" envDefault:"on"`
	AdminKey       Hidden        `env:"MEMHOOKS_ADMIN_KEY"`
	AdminKeySHA256 Digest        `env:"MEMHOOKS_ADMIN_KEY_SHA256"`
	MasterKey      Hidden        `env:"MEMHOOKS_MASTER_KEY"`
	Allow          Prefixes      `env:"MEMHOOKS_ALLOW_DESTINATIONS"`
	RetryBase      time.Duration `env:"MEMHOOKS_RETRY_BASE" envDefault:"1s"`
	RetryFactor    float64       `env:"MEMHOOKS_RETRY_FACTOR" envDefault:"2"`
	RetryJitter    float64       `env:"MEMHOOKS_RETRY_JITTER" envDefault:"0.2"`
	Timeout        time.Duration `env:"MEMHOOKS_TIMEOUT" envDefault:"10s"`
	HoldAfter      int           `env:"MEMHOOKS_HOLD_AFTER" envDefault:"20"`
	AttemptsAtOnce int           `env:"MEMHOOKS_ATTEMPTS_AT_ONCE" envDefault:"512"`
	FeedMaxAge     time.Duration `env:"MEMHOOKS_FEED_MAX_AGE" envDefault:"720h"`
	FeedMaxEvents  int64         `env:"MEMHOOKS_FEED_MAX_EVENTS" envDefault:"1000000"`
	Rate           float64       `env:"MEMHOOKS_RATE" envDefault:"200"`
	Burst          int           `env:"MEMHOOKS_BURST" envDefault:"400"`
	AutoCreate     Switch        `env:"MEMHOOKS_AUTO_CREATE" envDefault:"off"`

	// On AWS; template.yaml sets them.
	Table        string `env:"MEMHOOKS_TABLE"`
	KeyTable     string `env:"MEMHOOKS_KEY_TABLE"`
	QueueURL     string `env:"MEMHOOKS_QUEUE_URL"`
	DeadQueueURL string `env:"MEMHOOKS_DLQ_URL"`
	KMSKey       string `env:"MEMHOOKS_KMS_KEY"`
	ConsoleURL   string `env:"MEMHOOKS_CONSOLE_URL"` // where a dead letter's message leads; "" = nowhere
}

// Switch is "on" or "off".
type Switch bool

// UnmarshalText reads the two words and nothing else.
func (s *Switch) UnmarshalText(text []byte) error {
	switch string(text) {
	case "on":
		*s = true
	case "off":
		*s = false
	default:
		return fmt.Errorf("use on or off")
	}
	return nil
}

// Hidden is a secret setting; it prints as a fixed mark.
type Hidden string

// String prints the mark.
func (h Hidden) String() string { return "[hidden]" }

// GoString prints the mark.
func (h Hidden) GoString() string { return h.String() }

// Format writes the mark, whatever the verb.
func (h Hidden) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, h.String()) }

// MarshalText gives the mark to encoders and loggers.
func (h Hidden) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// Digest is a SHA-256 in 64 hex digits; zero where it is not set.
type Digest [32]byte

// UnmarshalText reads 64 hex digits.
func (d *Digest) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	raw, err := hex.DecodeString(string(text))
	if err != nil || len(raw) != len(d) {
		return fmt.Errorf("use 64 hex digits, the SHA-256 of the key")
	}
	copy(d[:], raw)
	return nil
}

// Prefixes is a list of networks in CIDR form, separated by commas.
type Prefixes []netip.Prefix

// UnmarshalText reads the list; a single address stands for itself.
func (p *Prefixes) UnmarshalText(text []byte) error {
	*p = nil
	for part := range strings.SplitSeq(string(text), ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(part)
		if addr, lone := netip.ParseAddr(part); lone == nil {
			prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			return fmt.Errorf("use networks such as 10.1.0.0/16,::1/128")
		}
		*p = append(*p, prefix)
	}
	return nil
}

// Load reads the settings from an environment. A wrong one is an error of one
// line: the name, the value, what is accepted.
func Load(environ []string) (Settings, error) {
	vars := env.ToMap(environ)
	s, err := env.ParseAsWithOptions[Settings](env.Options{Environment: vars})
	if err != nil {
		return s, named(err, vars)
	}
	return s, s.check(vars)
}

// bounds are the ranges of settings, one row each.
func (s Settings) check(vars map[string]string) error {
	rows := []struct {
		name string
		ok   bool
		want string
	}{
		{"MEMHOOKS_ADDR", listenable(s.Addr), "a host and a port, such as 127.0.0.1:8080"},
		{"MEMHOOKS_CLOUD", s.Cloud == "embedded" || s.Cloud == "aws", "embedded or aws"},
		{"MEMHOOKS_ADMIN_KEY", s.AdminKey == "" || auth.ValidRaw(string(s.AdminKey)), "16 or more visible ASCII characters, without spaces"},
		{"MEMHOOKS_ADMIN_KEY_SHA256", s.AdminKey == "" || s.AdminKeySHA256 == Digest{}, "either it or MEMHOOKS_ADMIN_KEY, not both"},
		{"MEMHOOKS_RETRY_BASE", s.RetryBase > 0 && s.RetryBase <= time.Hour, "a duration above 0 and up to 1h, such as 1s"},
		{"MEMHOOKS_RETRY_FACTOR", s.RetryFactor >= 1 && s.RetryFactor <= 10, "a number from 1 to 10"},
		{"MEMHOOKS_RETRY_JITTER", s.RetryJitter >= 0 && s.RetryJitter < 1, "a number from 0 to less than 1"},
		{"MEMHOOKS_TIMEOUT", s.Timeout >= time.Millisecond && s.Timeout <= 5*time.Minute, "a duration from 1ms to 5m, such as 10s"},
		{"MEMHOOKS_HOLD_AFTER", s.HoldAfter >= 1, "a whole number from 1"},
		{"MEMHOOKS_ATTEMPTS_AT_ONCE", s.AttemptsAtOnce >= 1 && s.AttemptsAtOnce <= 100_000, "a whole number from 1 to 100000"},
		{"MEMHOOKS_FEED_MAX_AGE", s.FeedMaxAge > 0 && s.FeedMaxAge <= maxAge, "a duration above 0 and up to 876000h, such as 720h"},
		{"MEMHOOKS_FEED_MAX_EVENTS", s.FeedMaxEvents >= 1 && s.FeedMaxEvents <= maxEvents, "a whole number from 1 to 1000000000000000"},
		{"MEMHOOKS_RATE", s.Rate >= 0 && s.Rate <= 1_000_000, "requests per second up to 1000000, 0 for no limit"},
		{"MEMHOOKS_BURST", s.Burst >= 1, "a whole number from 1"},
		{"MEMHOOKS_AUTH", bool(s.Auth) || loopback(s.Addr), "on, because " + strconv.Quote(s.Addr) + " can be reached from other machines; or listen on 127.0.0.1"},
	}
	for _, r := range rows {
		if !r.ok {
			return fmt.Errorf("%s=%q: use %s", r.name, shown(r.name, vars), r.want)
		}
	}
	return nil
}

// maxAge and maxEvents leave room for what is counted by them: twice as much
// is kept for a consumer that is behind.
const (
	maxAge    = 100 * 365 * 24 * time.Hour
	maxEvents = 1_000_000_000_000_000
)

// listenable says whether an address has the form of one.
func listenable(addr string) bool {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

// loopback says whether an address can be reached from this machine only.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
