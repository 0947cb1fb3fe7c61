package sign_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/sign"
)

func secret(t testing.TB, text string) sign.Secret {
	t.Helper()
	s, err := sign.NewSecret(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSecretPrintsAsAMark(t *testing.T) {
	const text = "whsec_sentinel0815"
	s := secret(t, text)
	type open struct {
		S sign.Secret
		P *sign.Secret
	}
	type closed struct {
		s sign.Secret
		p *sign.Secret
		m map[string]sign.Secret
		l []sign.Secret
	}
	var log bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewJSONHandler(&log, nil), slog.NewTextHandler(&log, nil)} {
		slog.New(handler).Info("x", "secret", s, "at", &s, "in", open{s, &s}, "deep", closed{s: s, p: &s})
	}
	printed := []string{log.String(), fmt.Sprint(errors.Join(fmt.Errorf("with %v and %w", s, error(nil))))}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p", "%t", "%T", "%10s", "%!"} {
		for _, v := range []any{s, &s, []sign.Secret{s}, map[string]sign.Secret{"k": s}, open{s, &s}, &open{s, &s},
			closed{s, &s, map[string]sign.Secret{"k": s}, []sign.Secret{s}}, &closed{s: s}} {
			printed = append(printed, fmt.Sprintf(verb, v))
		}
	}
	for _, v := range []any{s, &s, open{s, &s}, map[string]any{"k": s}} {
		text, err := json.Marshal(v)
		if err != nil || !bytes.Contains(text, []byte(`"[secret]"`)) {
			t.Errorf("JSON of %T: %s, %v", v, text, err)
		}
		printed = append(printed, string(text))
	}
	markup, err := xml.Marshal(open{s, &s})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range append(printed, string(markup)) {
		if strings.Contains(p, "sentinel") || strings.Contains(p, fmt.Sprintf("%x", "sentinel")) || strings.Contains(p, fmt.Sprintf("%X", "sentinel")) {
			t.Errorf("the secret is printed: %s", p)
		}
	}
	for _, got := range []string{s.String(), s.GoString(), s.LogValue().String(), fmt.Sprintf("%v", s), fmt.Sprintf("%#v", &s)} {
		if got != "[secret]" {
			t.Errorf("printed as %q, want [secret]", got)
		}
	}
	if s.Reveal() != text {
		t.Error("Reveal does not return the text")
	}
}

func TestNewSecretRefusesOnlyEmpty(t *testing.T) {
	if _, err := sign.NewSecret(""); fault.KindOf(err) != fault.InvalidField {
		t.Errorf("empty: %v", err)
	}
	for _, text := range []string{"x", " ", "whsec_", "é\x00\n"} {
		if got := secret(t, text).Reveal(); got != text {
			t.Errorf("%q came back as %q", text, got)
		}
	}
	if got := (sign.Secret{}).Reveal(); got != "" {
		t.Errorf("the zero Secret reveals %q", got)
	}
}

func TestGenerate(t *testing.T) {
	s, err := sign.Generate(bytes.NewReader(bytes.Repeat([]byte{0xfb}, 33)))
	if err != nil || s.Reveal() != "whsec_"+strings.Repeat("+/v7", 10)+"+/s=" {
		t.Errorf("%s, %v", s.Reveal(), err)
	}
	if !regexp.MustCompile(`^whsec_[A-Za-z0-9+/]{43}=$`).MatchString(s.Reveal()) {
		t.Errorf("%s is not whsec_ and Base64 of 32 bytes", s.Reveal())
	}
	for name, random := range map[string]*strings.Reader{"no bytes": strings.NewReader(""), "31 bytes": strings.NewReader(strings.Repeat("x", 31))} {
		if s, err := sign.Generate(random); err == nil || s != (sign.Secret{}) {
			t.Errorf("%s of randomness were enough", name)
		}
	}
	broken := errors.New("broken")
	if _, err := sign.Generate(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("%v does not wrap the cause", err)
	}
}
