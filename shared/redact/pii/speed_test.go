package pii_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/shared/redact/pii"
)

// hostile are pieces that, repeated, make detectors begin again and again.
var hostile = map[string]string{
	"prose":        "The quick brown fox jumps over the lazy dog while Bob reads a book. ",
	"digits":       "1",
	"digit groups": "1 ",
	"hyphens":      "1-",
	"dots":         "1.",
	"colons":       "a:",
	"letters":      "a ",
	"at":           "a@",
	"at domain":    "a@b.c.d.",
	"at signs":     "@",
	"emails":       "a@b.co ",
	"phones":       "555-123-4567 ",
	"near phones":  "555-123-456 ",
	"groups":       "4111 1111 ",
	"near card":    "4111 1111 1111 1112 ",
	"iban":         "DE89 3704 0044 0532 0130 01 ",
	"url":          "://a:",
	"jwt":          "-eyJ",
	"jwt dots":     "eyJaaaaaaaa.",
	"pem":          "-----BEGIN PRIVATE KEY-----",
	"pem begin":    "-----BEGIN ",
	"password":     "password=",
	"passwords":    "password: ",
	"token":        "token:",
	"secrets":      "secret=",
	"tokens":       "token=",
	"random":       "secret=aa1aaa",
	"keys":         "api_key=AbCdEf",
	"bearers":      "bearer aaaaaaaa",
	"brackets":     "}]}>>>",
	"sk":           "sk-a",
	"names":        "Mr A ",
	"patients":     "Patient A. ",
	"labels":       "name name ",
	"name words":   "name: Aa ",
	"streets":      "1 A ",
	"dob":          "dob ",
	"mrn":          "mrn: ",
	"accents":      "é",
	"combining":    "e\u0301\u0301",
	"zero width":   "1\u200b",
	"wide":         "\uff11\uff20",
	"ligature":     "\ufdfa",
	"broken":       "\xff1",
	"base64":       "QWxhZGRpbjpvcGVuIHNlc2FtZQ/+",
}

// Time is linear: a mebibyte takes about a second at most, whatever it repeats;
// anything quadratic would take hours. The figure of each is printed.
func BenchmarkMebibyte(b *testing.B) {
	for name, piece := range hostile {
		text := strings.Repeat(piece, 1<<20/len(piece))
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				pii.Detect(text)
			}
		})
	}
}

// BenchmarkKibibyte is a kibibyte of what memories hold: prose, with something
// personal now and then, or often.
func BenchmarkKibibyte(b *testing.B) {
	const prose = "We decided to use Redis for caching, since the old store was slow in the mornings; it stays until spring. "
	for _, c := range []struct {
		name, text string
		found      bool
	}{
		{"none", prose, false},
		{"some", strings.Repeat(prose, 4) + "Write to ann@example.com or call 555-123-4567. ", true},
		{"many", "ann@example.com, 555-123-4567, DE89 3704 0044 0532 0130 00; ", true},
	} {
		text := strings.Repeat(c.text, 1<<10/len(c.text)+1)[:1<<10]
		if (len(pii.Detect(text)) > 0) != c.found {
			b.Fatalf("%s: found %v", c.name, pii.Detect(text))
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(1 << 10)
			for b.Loop() {
				pii.Detect(text)
			}
		})
	}
}

// What is promised of every answer holds where detectors begin all the time.
func TestHostileTextIsAnswered(t *testing.T) {
	for _, piece := range hostile {
		valid(t, strings.Repeat(piece, 1<<15/len(piece)))
	}
}

// allocated is how many bytes an answer takes, a measure of work that no clock
// and no other process disturbs.
func allocated(text string) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	pii.Detect(text)
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Twice the text takes twice the work, not four times: with a token that ends
// as a call does, too, which is refused for its very end.
func TestWorkGrowsWithTheText(t *testing.T) {
	const size, slack = 1 << 12, 1 << 20 // slack: what the runtime takes for itself
	for name, piece := range hostile {
		for _, end := range []string{"", "("} {
			once := strings.Repeat(piece, size/len(piece)) + end
			twice := strings.Repeat(piece, 2*size/len(piece)) + end
			allocated(once)
			if one, two := allocated(once), allocated(twice); two > 3*one+slack {
				t.Errorf("%s%s: %d bytes for a text and %d for twice the text", name, end, one, two)
			}
		}
	}
}
