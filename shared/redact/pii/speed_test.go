package pii_test

import (
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

// Time is linear: a mebibyte takes well under a second, whatever it repeats;
// anything quadratic would take hours. The figure of each is printed.
func BenchmarkMebibyte(b *testing.B) {
	for name, piece := range hostile {
		text := strings.Repeat(piece, 1<<20/len(piece))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
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
