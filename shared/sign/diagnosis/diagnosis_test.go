package diagnosis_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/sign"
	"github.com/memhooks/memhooks/shared/sign/diagnosis"
)

const (
	whsec = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	body  = `{"id":"evt_1","event":"memory.created","timestamp":"2026-04-13T10:30:00Z","data":{"memory_id":"mem_1","content":"a < b, ü","namespace":"default","tags":[],"created_at":"2026-04-13T10:30:00Z"}}`
)

var sent = time.Unix(1_776_076_200, 0)

// got is a request as it may reach a receiver's code.
type got struct {
	secret, body string
	header       http.Header
	now          time.Time
}

// signed is a request as it is sent.
func signed(t testing.TB, d sign.Dialect) got {
	t.Helper()
	s, err := sign.NewSecret(whsec)
	if err != nil {
		t.Fatal(err)
	}
	g := got{secret: whsec, body: body, header: http.Header{}, now: sent}
	sign.Apply(g.header, d, &s, []sign.Secret{s}, sign.Message{ID: "evt_1", At: sent, Body: []byte(body)})
	return g
}

func (g got) findings(t testing.TB) []diagnosis.Finding {
	t.Helper()
	s, err := sign.NewSecret(g.secret)
	if err != nil {
		t.Fatal(err)
	}
	return diagnosis.Of(s, []byte(g.body), g.header, g.now, 5*time.Minute)
}

func TestWhatFitsIsValid(t *testing.T) {
	for d, n := range map[sign.Dialect]int{sign.REM: 2, sign.Areev: 2, sign.Standard: 1} {
		found := signed(t, d).findings(t)
		if len(found) != n {
			t.Errorf("%s: %d findings, want %d", d, len(found), n)
		}
		for _, f := range found {
			if !f.Valid || len(f.Why) != 0 {
				t.Errorf("%s: %+v", d, f)
			}
		}
	}
	if found := (got{secret: whsec, header: http.Header{}}).findings(t); len(found) != 0 {
		t.Errorf("no signature: %+v", found)
	}
}

// mistakes are the usual ones: how each comes about, and a piece of what is
// said of each signature, "" where it stays valid.
var mistakes = map[string]struct {
	make              func(*got)
	product, standard string
}{
	"a line break added":      {func(g *got) { g.body += "\n" }, "a line break was added", "a line break was added"},
	"CRLF added":              {func(g *got) { g.body += "\r\n" }, "a line break was added", "a line break was added"},
	"white space around":      {func(g *got) { g.body = "  " + g.body }, "white space was added", "white space was added"},
	"a byte order mark":       {func(g *got) { g.body = "\ufeff" + g.body }, "byte order mark", "byte order mark"},
	"Base64 body":             {func(g *got) { g.body = base64.StdEncoding.EncodeToString([]byte(g.body)) }, "isBase64Encoded", "isBase64Encoded"},
	"a JSON string":           {func(g *got) { b, _ := json.Marshal(g.body); g.body = string(b) }, "JSON string that holds", "JSON string that holds"},
	"written anew, indented":  {func(g *got) { g.body = indented(g.body) }, "written anew as JSON: its spaces", "written anew as JSON: its spaces"},
	"written anew by Go":      {func(g *got) { g.body = marshalled(g.body) }, "keys in another order", "keys in another order"},
	"written anew, ASCII":     {func(g *got) { g.body = strings.ReplaceAll(g.body, "ü", `\u00fc`) }, "its spaces, escapes", "its spaces, escapes"},
	"spaces around a secret":  {func(g *got) { g.secret = " " + g.secret + "\n" }, "white space or quotes around", "white space or quotes around"},
	"a secret without whsec_": {func(g *got) { g.secret = strings.TrimPrefix(g.secret, "whsec_") }, "without whsec_", "without whsec_"},
	"upper-case hex":          {func(g *got) { change(g, rem, strings.ToUpper) }, "upper-case", ""},
	"Base64 for hex": {func(g *got) {
		change(g, rem, func(v string) string { b, _ := hex.DecodeString(v); return base64.StdEncoding.EncodeToString(b) })
	}, "is 64 lower-case hex", ""},
	"sha256= in front": {func(g *got) { change(g, rem, func(v string) string { return "sha256=" + v }) }, "the hex digits alone", ""},
	"v1, is missing":   {func(g *got) { change(g, std, func(v string) string { return v[3:] }) }, "", "v1, is missing"},
	"no padding":       {func(g *got) { change(g, std, func(v string) string { return strings.TrimRight(v, "=") }) }, "", "without ="},
	"the other header's value": {func(g *got) {
		one, other := g.header.Get(rem), g.header.Get(std)
		g.header.Set(rem, other)
		g.header.Set(std, one)
	}, "stands under X-REM-Signature", "stands under webhook-signature"},
	"an old request":                {func(g *got) { g.now = sent.Add(time.Hour) }, "", "the message is 1h0m0s old"},
	"a clock that is late":          {func(g *got) { g.now = sent.Add(-time.Hour) }, "", "dated more than 5m0s ahead"},
	"the id is missing":             {func(g *got) { g.header.Del("webhook-id") }, "", "webhook-id or webhook-timestamp is missing"},
	"another secret":                {func(g *got) { g.secret = "whsec_AAAA" }, "none of the usual mistakes", "none of the usual mistakes"},
	"another event's body":          {func(g *got) { g.body = strings.Replace(g.body, "evt_1", "evt_2", 1) }, `that of event "evt_2"`, `those of "evt_1"`},
	"a body that was cut":           {func(g *got) { g.header.Set("Content-Length", "9999"); g.body = g.body[:40] }, "the body has 40 bytes", "Content-Length is 9999"},
	"no signature at all":           {func(g *got) { change(g, rem, func(string) string { return "none" }) }, "64 lowercase hex digits", ""},
	"a changed body":                {func(g *got) { g.body = strings.Replace(g.body, "a < b", "a > b", 1) }, "a changed one", "a changed one"},
	"a signature of something else": {func(g *got) { change(g, rem, func(string) string { return strings.Repeat("ab", 32) }) }, "none of the usual", ""},
}

const (
	rem = "X-REM-Signature"
	std = "webhook-signature"
)

func change(g *got, name string, to func(string) string) { g.header.Set(name, to(g.header.Get(name))) }

func indented(text string) string {
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(text), "", "  "); err != nil {
		panic(err)
	}
	return b.String()
}

// marshalled sorts keys and escapes what HTML might read.
func marshalled(text string) string {
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		panic(err)
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func TestTheUsualMistakesAreNamed(t *testing.T) {
	for name, row := range mistakes {
		t.Run(name, func(t *testing.T) {
			g := signed(t, sign.REM)
			row.make(&g)
			found := g.findings(t)
			if len(found) != 2 {
				t.Fatalf("%+v", found)
			}
			for i, want := range []string{row.product, row.standard} {
				said := strings.Join(found[i].Why, "; ")
				if found[i].Valid != (want == "") || !strings.Contains(said, want) {
					t.Errorf("%s: valid %v: %q, want %q", found[i].Header, found[i].Valid, said, want)
				}
				if strings.Contains(said, whsec) {
					t.Errorf("the secret is told: %q", said)
				}
			}
		})
	}
}

// What a receiver's own code signs with the wrong form of the secret is told
// from the right one.
func TestWrongFormsOfTheSecret(t *testing.T) {
	decoded, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(whsec, "whsec_"))
	raw, err := sign.NewSecret(string(decoded))
	if err != nil {
		t.Fatal(err)
	}
	g := signed(t, sign.REM)
	sign.Apply(g.header, sign.REM, &raw, nil, sign.Message{ID: "evt_1", At: sent, Body: []byte(body)})
	if said := strings.Join(g.findings(t)[0].Why, ""); !strings.Contains(said, "whole text, whsec_ included") {
		t.Errorf("decoded bytes: %q", said)
	}
	plain, err := sign.NewSecret("a plain secret")
	if err != nil {
		t.Fatal(err)
	}
	sign.Apply(g.header, sign.REM, &plain, []sign.Secret{plain}, sign.Message{ID: "evt_1", At: sent, Body: []byte(body)})
	for secret, want := range map[string]string{
		`"a plain secret"`: "quotes around", "a plain secret\n": "white space", "whsec_a plain secret": "without whsec_",
	} {
		g.secret = secret
		for _, f := range g.findings(t) {
			if said := strings.Join(f.Why, ""); !strings.Contains(said, want) {
				t.Errorf("%q under %s: %q, want %q", secret, f.Header, said, want)
			}
		}
	}
}

// deep is a body with more levels than are gone into: each takes some of the
// stack, and who posts a body decides how many there are.
var deep = `{"id":"evt_2","x":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + "}"

func TestADeepBodyIsNotGoneInto(t *testing.T) {
	g := signed(t, sign.REM)
	g.body = deep
	for _, f := range g.findings(t) {
		if said := strings.Join(f.Why, "; "); f.Valid || !strings.Contains(said, "none of the usual mistakes") {
			t.Errorf("%s: valid %v: %q", f.Header, f.Valid, said)
		}
	}
}

// FuzzOf holds findings to what package sign says, whatever comes in.
func FuzzOf(f *testing.F) {
	for _, row := range mistakes {
		g := signed(f, sign.REM)
		row.make(&g)
		f.Add(g.secret, []byte(g.body), g.header.Get(rem), g.header.Get(std), g.header.Get("webhook-id"))
	}
	f.Add("deep", []byte(deep), strings.Repeat("ab", 32), "v1,"+base64.StdEncoding.EncodeToString(make([]byte, 32)), "evt_1")
	f.Fuzz(func(t *testing.T, secret string, body []byte, product, standard, id string) {
		s, err := sign.NewSecret(secret)
		if err != nil {
			return
		}
		h := http.Header{}
		h.Set(rem, product)
		h.Set(std, standard)
		h.Set("webhook-id", id)
		h.Set("webhook-timestamp", "1776076200")
		found := diagnosis.Of(s, body, h, sent, time.Minute)
		if len(found) != 2 {
			t.Fatalf("%+v", found)
		}
		for i, err := range []error{sign.VerifyProduct(s, body, product), sign.VerifyStandard(s, body, h, sent, time.Minute)} {
			if found[i].Valid != (err == nil) || found[i].Valid == (len(found[i].Why) > 0) {
				t.Errorf("%+v, and package sign says %v", found[i], err)
			}
		}
	})
}
