package rank

import "math"

// Corpus is what Score knows about all texts that are searched.
type Corpus struct {
	Docs          int            // how many texts there are
	Frequency     map[string]int // in how many of them a term stands; a term that is missing stands in none
	AverageLength float64        // terms per text; 0 where it isn't known
}

// The shape of a score. A text that has all of a query's terms scores from
// 1-gradient up, any other stays below that.
const (
	complete   = 0.2  // for having all terms
	gradient   = 0.2  // for how much the terms that it has stand out in it
	saturation = 1.2  // BM25's k1: how slowly repeats of a term stop counting
	lengthwise = 0.75 // BM25's b: how much a longer text needs more repeats
)

// Score returns how well a text matches a query, both given as their terms:
// from 0 (no term of the query stands in it) to 1 (all do, and it is about
// nothing else; approached, never passed). A text with all terms of the query
// scores 0.8 or more, one with a part of them less than 0.8: the share it has,
// rare terms weighing more, as BM25 weighs them. Repeats in the query don't
// count. Terms may be opaque, as long as they are made alike on all sides. The
// same arguments give the same score, bit for bit.
func Score(query []string, doc []string, c Corpus) float64 {
	counts := make(map[string]int, len(query))
	for _, term := range query {
		counts[term] = 0
	}
	matched := 0
	for _, term := range doc {
		if n, asked := counts[term]; asked {
			if n == 0 {
				matched++
			}
			counts[term] = n + 1
		}
	}
	if matched == 0 {
		return 0
	}
	missing := len(counts) - matched
	damping := c.damping(len(doc))
	var asked, had, prominence float64 // weights: of all terms, of those here, of those here by how much
	for _, term := range query {
		n, first := counts[term]
		if !first {
			continue
		}
		delete(counts, term)
		weight := c.weight(term)
		asked += weight
		if n > 0 {
			had += weight
			prominence += weight * float64(n) / (float64(n) + damping)
		}
	}
	score := (1 - complete - gradient) + gradient*prominence/had
	if missing == 0 {
		return score + complete
	}
	return score * had / asked
}

// weight is BM25's inverse document frequency, above 0 also for a term that
// stands everywhere.
func (c Corpus) weight(term string) float64 {
	n := float64(max(c.Frequency[term], 0))
	docs := max(float64(c.Docs), n)
	return math.Log1p((docs - n + 0.5) / (n + 0.5))
}

// damping is what BM25 adds to a term's count below the line, larger for a
// text longer than the average.
func (c Corpus) damping(length int) float64 {
	relative := 1.0
	if c.AverageLength > 0 && !math.IsInf(c.AverageLength, 1) {
		relative = float64(length) / c.AverageLength
	}
	return saturation * (1 - lengthwise + lengthwise*relative)
}
