// Package rules holds the house rules as tests: which package may import
// which, how long a file and a function may be, what must carry a comment,
// which names and habits are refused, why each module is there.
//
// A rule is a function from the parsed tree to its findings, and stands in the
// table of rules_test.go beside a sample that breaks it. A finding is settled
// in the code; where that would make the code worse, the table of exceptions
// takes it, with a reason.
package rules
