package pii_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/memhooks/memhooks/shared/redact/pii"
)

// lines reads a file of testdata without its comments.
func lines(t testing.TB, name string) []string {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSuffix(line, "\n"); line != "" && !strings.HasPrefix(line, "# ") {
			out = append(out, strings.NewReplacer("¦", "", `\n`, "\n").Replace(line))
		}
	}
	return out
}

type positive struct{ kind, value, text string }

func positives(t testing.TB) []positive {
	t.Helper()
	var out []positive
	for _, line := range lines(t, "positive.txt") {
		parts := strings.SplitN(line, " | ", 3)
		if len(parts) != 3 {
			t.Fatalf("positive.txt: %q has no three parts", line)
		}
		out = append(out, positive{parts[0], parts[1], parts[2]})
	}
	return out
}

// has reports whether one of the finds is value, under the type kind.
func has(found []pii.Detection, text, kind, value string) bool {
	return slices.ContainsFunc(found, func(d pii.Detection) bool {
		return d.Type == kind && text[d.Start:d.End] == value
	})
}

func show(found []pii.Detection, text string) []string {
	out := []string{}
	for _, d := range found {
		out = append(out, d.Type+"="+text[d.Start:d.End])
	}
	return out
}

func TestPositivesAreFound(t *testing.T) {
	all := positives(t)
	if len(all) < 80 {
		t.Fatalf("%d positives, want at least 80", len(all))
	}
	for _, p := range all {
		if found := pii.Detect(p.text); !has(found, p.text, p.kind, p.value) {
			t.Errorf("%q: want %s=%s, found %q", p.text, p.kind, p.value, show(found, p.text))
		}
	}
}

func TestCleanTextGivesNone(t *testing.T) {
	all := lines(t, "clean.txt")
	if len(all) < 60 {
		t.Fatalf("%d clean texts, want at least 60", len(all))
	}
	for _, text := range all {
		if found := pii.Detect(text); len(found) != 0 {
			t.Errorf("%q: found %q", text, show(found, text))
		}
	}
	if whole := strings.Join(all, "\n"); len(pii.Detect(whole)) != 0 {
		t.Errorf("together: found %q", show(pii.Detect(whole), whole))
	}
}

// Hiding a value behind invisible characters or full-width forms does not help,
// and the offsets are those of the text as it was given.
func TestDisguisesAreSeenThrough(t *testing.T) {
	for _, p := range positives(t) {
		for name, disguise := range map[string]func(string) string{
			"zero-width space": func(s string) string { return spread(s, "\u200b") },
			"soft hyphen":      func(s string) string { return spread(s, "\u00ad") },
			"joiner and mark":  func(s string) string { return spread(s, "\u200d\u2060\ufeff") },
			"full width":       fullWidth,
		} {
			text, value := disguise(p.text), strings.Trim(disguise(p.value), "\u200b\u00ad\u200d\u2060\ufeff")
			if found := pii.Detect(text); !has(found, text, p.kind, value) {
				t.Errorf("%s of %q: want %s=%s, found %q", name, p.text, p.kind, value, show(found, text))
			}
		}
	}
}

func spread(s, between string) string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 {
			b.WriteString(between)
		}
		b.WriteRune(r)
	}
	return b.String()
}

func fullWidth(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '\u3000'
		case '!' <= r && r <= '~':
			return r - '!' + '\uff01'
		}
		return r
	}, s)
}

func TestOffsetsAreBytesOfTheOriginal(t *testing.T) {
	text := "Grüße ☃ Patient\u00a0John\u200b Smith, DOB 1955-03-15 — MRN 12345678 \U0001f600 a\u200b@b.com"
	want := []string{"name=John\u200b Smith", "date_of_birth=1955-03-15", "medical_record_number=12345678", "email=a\u200b@b.com"}
	if got := show(pii.Detect(text), text); !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}

func TestOfTwoThatOverlapTheStrongerStays(t *testing.T) {
	for text, want := range map[string][]string{
		"https://bob:pw1234@example.com":         {"url_credentials=bob:pw1234"},
		"account: 4111111111111111":              {"credit_card=4111111111111111"},
		"Bearer ghp_" + strings.Repeat("a1", 18): {"api_key=ghp_" + strings.Repeat("a1", 18)},
		"ssn 123-45-6789 phone 123-45-6789":      {"ssn=123-45-6789", "ssn=123-45-6789"},
	} {
		if got := show(pii.Detect(text), text); !slices.Equal(got, want) {
			t.Errorf("%q: found %q, want %q", text, got, want)
		}
	}
}

func TestHashesAreNeverReported(t *testing.T) {
	const hex = "0123456789abcdef4111111111111111"
	for _, label := range []string{"", "hash ", "sha256:", "token=", "secret: ", "api_key=", "Bearer ", "password: ", "MRN ", "account: ", "phone "} {
		for _, hash := range []string{hex + hex, strings.ToUpper(hex + hex), strings.Repeat("4111111111111111", 4)} {
			if text := label + hash; len(pii.Detect(text)) != 0 {
				t.Errorf("%q: found %q", text, show(pii.Detect(text), text))
			}
		}
	}
	for _, digest := range []string{hex, hex + "01234567", strings.Repeat("1", 40), strings.Repeat("4111", 8)} {
		if len(pii.Detect("digest "+digest+" end")) != 0 {
			t.Errorf("%s: found %q", digest, show(pii.Detect(digest), digest))
		}
	}
}

func TestEmptyIsAnEmptyList(t *testing.T) {
	for _, text := range []string{"", " ", "\x00", "\xff\xfe", "\u200b"} {
		if found := pii.Detect(text); found == nil || len(found) != 0 {
			t.Errorf("Detect(%q) = %#v", text, found)
		}
	}
}

// valid says what every answer promises, whatever the text.
func valid(t *testing.T, text string) {
	t.Helper()
	edges := map[int]bool{len(text): true}
	for i := range text {
		edges[i] = true
	}
	last := 0
	for _, d := range pii.Detect(text) {
		switch {
		case d.Type == "" || d.Confidence <= 0 || d.Confidence > 1:
			t.Fatalf("%q: %+v", text, d)
		case d.Start < last || d.End <= d.Start || d.End > len(text):
			t.Fatalf("%q: %+v overlaps or is out of bounds", text, d)
		case !edges[d.Start] || !edges[d.End]:
			t.Fatalf("%q: %+v cuts a rune", text, d)
		case utf8.ValidString(text) && !utf8.ValidString(text[d.Start:d.End]):
			t.Fatalf("%q: %+v is no text", text, d)
		}
		last = d.End
	}
}

func FuzzDetect(f *testing.F) {
	for _, p := range positives(f) {
		f.Add(p.text)
	}
	for _, text := range lines(f, "clean.txt") {
		f.Add(text)
	}
	for _, s := range []string{"\xe2\u200b\x80\x8ba@b.com", "e\u200b\u0301@b.com", "\ufdfa@x.com", "㏂@x.com", "Mr. \u1e9b\u0323", "a@b.com\u0301", "-----BEGIN PRIVATE KEY-----\xff"} {
		f.Add(s)
	}
	f.Fuzz(valid)
}
