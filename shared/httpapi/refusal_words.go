package httpapi

import (
	"strings"

	"github.com/danielgtaylor/huma/v2/validation"
)

// useOurWords makes huma say what is wrong with a value in words that go on
// after the field's name. Messages by which refusal.go tells kinds apart keep
// huma's words.
func useOurWords() {
	validation.MsgExpectedBoolean = "must be true or false"
	validation.MsgExpectedNumber = "must be a number"
	validation.MsgExpectedInteger = "must be a whole number"
	validation.MsgExpectedString = "must be a string"
	validation.MsgExpectedArray = "must be an array"
	validation.MsgExpectedObject = "must be an object"
	validation.MsgExpectedOneOf = "must be one of %s"
	validation.MsgExpectedMinimumNumber = "must be at least %v"
	validation.MsgExpectedMaximumNumber = "must be at most %v"
	validation.MsgExpectedMinLength = "must have a length of at least %d"
	validation.MsgExpectedMaxLength = "must have a length of at most %d"
	validation.MsgExpectedMinItems = "must hold at least %d"
	validation.MsgExpectedMaxItems = "must hold at most %d"
}

// parameters are what huma says of a query parameter that it can't read, and our
// words for it.
var parameters = map[string]string{
	"invalid integer": "must be a whole number", "invalid float": "must be a number", "invalid boolean": "must be true or false",
}

// ofField is what is wrong with a field, as a sentence.
func ofField(name, wrong string) string {
	if ours := parameters[wrong]; ours != "" {
		wrong = ours
	}
	if strings.HasPrefix(wrong, "must ") {
		return name + " " + wrong
	}
	return name + ": " + wrong
}
