package pages

// Mark is one way in which a block may be marked, and how a test holds it to
// the truth.
type Mark struct {
	Language, Mark string
	Check          string
}

// Marks is the closed list of them.
var Marks = []Mark{
	{"sh", "", "is run: all blocks of a page in one shell, in order, on a server as `make run` starts it, with a receiver at 127.0.0.1:9000"},
	{"sh", "refused", "is run, and each of its calls must be refused"},
	{"sh", "background", "is started, and runs until the page's end"},
	{"sh", "receiver", "starts a receiver that a test starts: its lines stand in a file of docs/receivers"},
	{"sh", "make", "builds or tests the project: its make targets, packages and tests exist"},
	{"sh", "aws", "wants an AWS account: its syntax is checked; sam's commands are the Makefile's, and parameters the template's"},
	{"sh", "host", "changes a machine, or waits for a person: its syntax is checked"},
	{"json", "", "is JSON"},
	{"json", "answer", "is what the last call before it was answered, … standing for anything"},
	{"json", "delivery", "is what the receiver got, … standing for anything"},
	{"js", "", "stands in a file of docs/receivers as it is"},
	{"python", "", "stands in a file of docs/receivers as it is"},
	{"go", "", "stands in a file of docs/receivers as it is"},
	{"text", "", "is a picture, a form or a file of another's, which nothing here runs"},
}

// Marked finds a block's mark in the list.
func (b Block) Marked() (Mark, bool) {
	for _, m := range Marks {
		if m.Language == b.Language && m.Mark == b.Mark {
			return m, true
		}
	}
	return Mark{}, false
}
