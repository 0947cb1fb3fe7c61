package console

import "net/http"

// route is one page, or one form's way.
type route struct {
	pattern string
	serve   func(*visit) error
}

const ofMemory = Root + "/memories/{memory}"

// routes are all of the console, in the order of its navigation. What a handler
// fails with is told on a page of its own.
var routes = []route{
	{"GET " + Root + "/{$}", (*visit).overview},
	{"GET " + Root, (*visit).overview},
	{"GET " + loginPath, (*visit).loginPage},
	{"POST " + loginPath, (*visit).signIn},
	{"POST " + Root + "/logout", (*visit).signOut},
	{"GET " + Root + "/search", (*visit).search},
	{"POST " + Root + "/memories", (*visit).createMemory},

	{"GET " + ofMemory, (*visit).memoryPage},
	{"POST " + ofMemory + "/policies", (*visit).changePolicies},
	{"GET " + ofMemory + "/live", (*visit).live},
	{"GET " + ofMemory + "/search", (*visit).search},
	{"GET " + ofMemory + "/events", (*visit).eventsPage},
	{"GET " + ofMemory + "/events/{event}", (*visit).storyPage},
	{"GET " + ofMemory + "/grains", (*visit).grainsPage},
	{"GET " + ofMemory + "/grains/{grain}", (*visit).historyPage},
	{"GET " + ofMemory + "/erasures", (*visit).erasuresPage},
	{"GET " + ofMemory + "/erasures/{event}", (*visit).erasurePage},

	{"GET " + ofMemory + "/hooks", (*visit).hooksPage},
	{"POST " + ofMemory + "/hooks", (*visit).createHook},
	{"GET " + ofMemory + "/hooks/new", (*visit).newHookPage},
	{"GET " + ofMemory + "/hooks/{hook}", (*visit).hookPage},
	{"POST " + ofMemory + "/hooks/{hook}/active", (*visit).switchHook},
	{"POST " + ofMemory + "/hooks/{hook}/test", (*visit).testHook},
	{"POST " + ofMemory + "/hooks/{hook}/rotate", (*visit).rotateHook},
	{"POST " + ofMemory + "/hooks/{hook}/delete", (*visit).deleteHook},
	{"GET " + ofMemory + "/hooks/{hook}/filter", (*visit).filterPage},
	{"POST " + ofMemory + "/hooks/{hook}/filter", (*visit).tryFilter},

	{"GET " + ofMemory + "/dead-letters", (*visit).deadLettersPage},
	{"POST " + ofMemory + "/dead-letters", (*visit).redriveLetters},
	{"GET " + ofMemory + "/dead-letters/{delivery}", (*visit).deadLetterPage},
	{"POST " + ofMemory + "/dead-letters/{delivery}/redrive", (*visit).redriveLetter},
	{"POST " + ofMemory + "/dead-letters/{delivery}/discard", (*visit).discardLetter},
}

// maxForm is the largest form that is read, in bytes.
const maxForm = 1 << 17

func (c *Console) serving(r route) http.HandlerFunc {
	return func(w http.ResponseWriter, request *http.Request) {
		request.Body = http.MaxBytesReader(w, request.Body, maxForm)
		v := c.visit(w, request)
		if err := r.serve(v); err != nil {
			v.fail(err)
		}
	}
}
