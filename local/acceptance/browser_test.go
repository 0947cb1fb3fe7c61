package acceptance_test

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// chromium is the browser that rows drive, "" where there is none.
func chromium() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// tab is one page in Chromium, of a person who is signed in with a caller's
// key. Whatever the browser complains of fails the test at its end.
type tab struct {
	testing.TB
	ctx  context.Context
	root string // the console's address
}

// browse opens the console in a browser of the row's own. A row waits where
// there is no Chromium.
func browse(t *testing.T, number int, c caller, options ...chromedp.ExecAllocatorOption) *tab {
	t.Helper()
	binary := chromium()
	if binary == "" {
		later(t, number, "needs Chromium: apt-get install chromium, then go test ./local/acceptance -run TestRow%03d", number)
	}
	root := console(c)
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(binary), chromedp.NoSandbox, chromedp.WindowSize(1280, 900))
	if rule := mapped(root); rule != "" {
		flags = append(flags, chromedp.Flag("host-resolver-rules", rule))
	}
	flags = append(flags, options...)
	bounded, stop := context.WithTimeout(t.Context(), 3*patience)
	allocated, quit := chromedp.NewExecAllocator(bounded, flags...)
	ctx, closed := chromedp.NewContext(allocated)
	b := &tab{TB: t, ctx: ctx, root: root}
	complaints := make(chan []string, 1)
	messages := chromedp.Console(ctx)
	go func() { complaints <- listen(messages) }()
	t.Cleanup(func() {
		closed()
		for _, c := range <-complaints {
			t.Errorf("the browser complains: %s", c)
		}
		quit()
		stop()
	})
	b.signIn(c.key)
	return b
}

// listen collects what the browser complains of, until it is closed.
func listen(messages iter.Seq2[chromedp.ConsoleMessage, error]) (complaints []string) {
	for m, err := range messages {
		if err != nil {
			return complaints
		}
		kind, refused := fmt.Sprint(m.Type), strings.Contains(m.Text, "status of 422") // a form that is shown again
		if (kind == "error" || kind == "warning" || kind == "exception") && !refused {
			complaints = append(complaints, m.String()+" "+m.URL)
		}
	}
	return complaints
}

// console is where the pages are: beside the API, or, deployed in an emulator,
// at an address of their own.
func console(c caller) string {
	if c.at != nil {
		return *c.at.address.Load() + "/console"
	}
	return cmp.Or(os.Getenv("MEMHOOKS_CONSOLE_URL"), c.url+"/console")
}

// mapped is a rule for a browser that finds a name below localhost where the
// endpoint is; "" where that is this machine.
func mapped(console string) string {
	u, err := url.Parse(console)
	at, _ := url.Parse(os.Getenv("MEMHOOKS_URL"))
	if err != nil || !strings.HasSuffix(u.Hostname(), ".localhost") || strings.HasPrefix(at.Hostname(), "127.") {
		return ""
	}
	return "MAP " + u.Hostname() + " " + at.Hostname()
}

// run does something in the browser.
func (b *tab) run(actions ...chromedp.Action[chromedp.Void]) {
	b.Helper()
	if err := chromedp.Do(b.ctx, actions...); err != nil {
		b.Fatalf("the browser: %v; the page is\n%s", err, b.text())
	}
}

// text is what the page shows, for messages.
func (b *tab) text() string {
	text, err := chromedp.Run(b.ctx, chromedp.Evaluate[string]("document.body ? document.body.innerText : ''"))
	if err != nil {
		return err.Error()
	}
	return text
}

func (b *tab) signIn(key string) {
	b.Helper()
	if key == "" {
		return
	}
	b.run(chromedp.Navigate(b.root), chromedp.WaitVisible("#key"), chromedp.SendKeys("#key", key))
	b.press("Sign in")
	b.see("Memories")
}

// open goes to a page below the console's root.
func (b *tab) open(path string) {
	b.Helper()
	b.run(chromedp.Navigate(b.root+path), chromedp.WaitReady("footer"))
}

// see waits until the page shows all of the words, across whatever it loads
// meanwhile.
func (b *tab) see(words ...string) {
	b.Helper()
	b.await("document.body", words...)
}

// seeIn is see within the element of an id.
func (b *tab) seeIn(id string, words ...string) {
	b.Helper()
	b.await(fmt.Sprintf("document.getElementById(%q)", id), words...)
}

func (b *tab) await(element string, words ...string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	for _, w := range words {
		look := fmt.Sprintf(`new Promise(seen => { const look = () =>
			%[1]s && %[1]s.innerText.includes(%[2]q) ? seen(true) : setTimeout(look, 20); look(); })`, element, w)
		for {
			_, err := chromedp.Run(ctx, chromedp.Evaluate[bool](look, chromedp.EvalAwaitPromise))
			if err == nil {
				break
			}
			if ctx.Err() != nil {
				b.Fatalf("the page never shows %q, but\n%s", w, b.text())
			}
		}
	}
}

// shows reports whether the page shows words now.
func (b *tab) shows(words string) bool {
	b.Helper()
	return strings.Contains(b.text(), words)
}

// press clicks the link, button or summary with these words, the first that is
// visible.
func (b *tab) press(words string) {
	b.Helper()
	b.see(words)
	press := fmt.Sprintf(`[...document.querySelectorAll("main a, main button, main summary, nav a, header button")].find(
		e => e.innerText.includes(%q) && e.offsetParent !== null)?.click() ?? "pressed"`, words)
	b.run(chromedp.Evaluate[chromedp.Void](press))
}

// fill writes into the field of an id.
func (b *tab) fill(id, text string) {
	b.Helper()
	b.run(chromedp.SetValue("#"+id, text))
}

// click is an action on what a selector finds.
func click(selector string) chromedp.Action[chromedp.Void] { return chromedp.Click(selector) }
