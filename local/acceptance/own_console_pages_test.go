package acceptance_test

import (
	"strings"
	"testing"
)

// One hook whose receiver takes events, one whose receiver does not; each row
// makes them in a memory of its own.
func (m instance) twoHooks(t testing.TB, mode string) (good, bad string, refusing *receiver) {
	t.Helper()
	refusing = receive(t, status(503), status(503), status(200))
	good = m.push(t, receive(t), object{"redaction_mode": mode, "secret": "hidden secret", "name": "good"})
	bad = m.push(t, refusing, object{"redaction_mode": mode, "max_retries": 1, "secret": "hidden secret", "name": "refused"})
	return good, bad, refusing
}

func TestRow035DeadLetterPage(t *testing.T) {
	row(t, 35, "dead letters")
	m := locked(t).tenant(t).room(t, "row-035")
	_, bad, refusing := m.twoHooks(t, "full")
	m.add(t, belief("ann", object{"object": "a text that never arrived"}))
	refusing.wait(t, 2)
	eventually(t, "a dead letter", func() bool { return len(m.letters(t, bad)) == 1 })
	b := browse(t, 35, m.caller)
	b.open("/memories/" + m.id + "/dead-letters")
	b.see("refused", "answered 503", "grain_created")
	b.press("grain_created")
	b.see("a text that never arrived", "answered 503", "Attempts")
}

func TestRow081DashboardPages(t *testing.T) {
	row(t, 81, "dashboard")
	const private = "a private word"
	for _, mode := range []string{"full", "metadata_only", "hash_only"} {
		m := locked(t).tenant(t).room(t, "row-081")
		good, bad, refusing := m.twoHooks(t, mode)
		m.add(t, belief("ann", object{"object": private}))
		refusing.wait(t, 2)
		eventually(t, "a dead letter", func() bool { return len(m.letters(t, bad)) == 1 })
		m.settledCounts(t, good, 1)
		b := browse(t, 81, m.caller)
		b.open("/memories/" + m.id)
		b.see("refused", "grain_created", "Dead letters")
		b.press("Hooks")
		b.see("good", "refused")
		b.open("/memories/" + m.id + "/hooks/" + good)
		b.see("delivered", "grain_created", mode)
		b.open("/memories/" + m.id + "/dead-letters")
		b.press("grain_created")
		b.see("What would be sent", "answered 503")
		if got := b.shows(private); got != (mode == "full") {
			t.Errorf("%s: the page of a dead letter shows content: %t", mode, got)
		}
		if withheld := b.shows("withheld"); withheld != (mode != "full") {
			t.Errorf("%s: the page says that something is withheld: %t", mode, withheld)
		}
		if b.shows("hidden secret") {
			t.Errorf("a secret is shown: %s", b.text())
		}
	}
}

func TestRow094Console(t *testing.T) {
	row(t, 94, "console")
	m := locked(t).tenant(t).room(t, "row-094")
	_, bad, refusing := m.twoHooks(t, "full")
	hash := m.add(t, belief("ann", object{"object": "tea"}))
	refusing.wait(t, 2)
	eventually(t, "a dead letter", func() bool { return len(m.letters(t, bad)) == 1 })
	b := browse(t, 94, m.caller)
	b.see("refused") // what needs somebody comes first, on the first page
	b.open("/memories/" + m.id)
	b.press("refused")
	b.see("Dead letters", "answered 503")
	b.open("/memories/" + m.id + "/hooks/" + bad)
	b.see("Deliveries", "dead", "answered 503")

	b.open("/memories/" + m.id + "/search?q=" + hash) // one search field for all ids
	b.see("Version 1", "tea")
	b.press("the newest about this version")
	b.see("Written", "In the log as seq 1", "good", "refused", "delivered", "dead", "answered 503")
	if n := strings.Count(b.text(), "answered 503"); n < 2 {
		t.Errorf("the story tells %d of two attempts:\n%s", n, b.text())
	}

	b.press("Body")
	b.see(`"tea"`)

	b.open("/memories/" + m.id + "/dead-letters")
	b.press("grain_created")
	b.see("What would be sent", `"tea"`)
	b.press("Redrive")
	b.see("Sent again", "Nothing gave up")
	refusing.wait(t, 3)
	eventually(t, "the dead letter is gone", func() bool { return len(m.letters(t, bad)) == 0 })
}

// What a person does with a hook on its pages.
func TestRow094Hook(t *testing.T) {
	row(t, 94, "console")
	c := locked(t).tenant(t)
	id := name("row-094-hook")
	c.call(t, "POST", "/api/memories", object{"id": id, "policies": list{"gdpr"}}).want(t, 201)
	m, rx := c.memory(id), receive(t)
	b := browse(t, 94, c)
	b.open("/memories/" + id + "/hooks/new")
	b.fill("name", "made here")
	b.fill("url", rx.url)
	b.press("Make the hook")
	b.see("COMP-H1", "gdpr")
	b.run(click(`input[name="acknowledge"]`))
	b.press("Make the hook")
	b.see("shown this once", "whsec_")
	b.press("I have kept it")
	b.see("made here", "active", "Risk acknowledged")
	b.press("Send a test")
	b.see("was taken")
	m.add(t, belief("ann", object{"tags": list{"urgent"}}))
	m.add(t, belief("bob", nil))
	b.seeIn("deliveries", "delivered") // the page hears of it by itself
	b.press("Pause")
	b.see("Paused.", "paused")
	b.press("Resume with the backlog")
	b.see("Active again")
	b.press("Try a filter")
	b.fill("filter", `{"tags":["urgent"]}`)
	b.press("Hold it against")
	b.see("1 of 2 would match", "yes", "no")
}
