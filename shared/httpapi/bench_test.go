package httpapi_test

import "testing"

// BenchmarkUnknownID is what a request costs before its service.
func BenchmarkUnknownID(b *testing.B) {
	s := open(b)
	b.ReportAllocs()
	for b.Loop() {
		s.serve(request("GET", "/v1/memories/nonsense", ""))
	}
}

// BenchmarkRemember is a whole write, one caller at a time.
func BenchmarkRemember(b *testing.B) {
	s := open(b)
	b.ReportAllocs()
	for b.Loop() {
		s.serve(request("POST", "/v1/remember", `{"content":"We decided to use Redis for caching","tags":["architecture","caching"]}`))
	}
}
