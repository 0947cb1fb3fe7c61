package pattern_test

import (
	"strings"
	"testing"
)

// BenchmarkMatch is an event of 500 bytes against patterns of each kind: those
// that metadata answers, those that need content, and what is excluded.
func BenchmarkMatch(b *testing.B) {
	e := event{
		"namespace": {"default"}, "subject": {"alice"}, "tags": {"morning", "coffee"}, "confidence": {"0.9"},
		"object": {strings.Repeat("coffee without sugar, ", 24)},
	}
	for _, c := range []struct {
		name, pattern string
		want          bool
	}{
		{"equal", `{"namespace":["default"]}`, true},
		{"refused-at-once", `{"namespace":["other"],"tags":["morning"]}`, false},
		{"metadata", `{"namespace":["default"],"subject":[{"prefix":"al"}],"tags":["x","y","morning"],"confidence":[{"numeric":[">=",0.5]}]}`, true},
		{"content", `{"object":["tea",{"prefix":"coffee with"}]}`, true},
		{"content-refused", `{"object":["tea","milk",{"prefix":"sugar"}]}`, false},
		{"anything-but", `{"tags":[{"anything-but":["evening","tea"]}],"subject":[{"anything-but":{"prefix":"bo"}}]}`, true},
	} {
		p := parse(b, c.pattern)
		if p.Match(e.get) != c.want {
			b.Fatalf("%s: %s matches: %v", c.name, c.pattern, !c.want)
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p.Match(e.get)
			}
		})
	}
}
