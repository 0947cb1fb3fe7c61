package acceptance_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// walk is a script that lists what a keyboard must reach on a page, in the order
// in which it stands there, and names each.
const walk = `
const named = e => e.tagName.toLowerCase() + " " + (e.id || e.name || e.getAttribute("href") || e.getAttribute("aria-label") || e.textContent.trim());
const reachable = () => [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")].filter(
	e => !e.disabled && e.type !== "hidden" && e.checkVisibility() &&
		!(e.type === "radio" && !e.checked && document.querySelector("input[type=radio]:checked[name='" + e.name + "']")));
`

// TestKeyboard goes through every page with the Tab key alone: it begins at a
// link that skips the navigation, comes to everything that can be pressed or
// filled in, in the order in which it is read, and is always seen where it is.
func TestKeyboard(t *testing.T) {
	if deployed() {
		t.Skip("needs a server of its own: unset MEMHOOKS_URL; go test ./local/acceptance -run TestKeyboard")
	}
	if chromium() == "" {
		t.Skip("needs Chromium: apt-get install chromium; go test ./local/acceptance -run TestKeyboard")
	}
	c := locked(t).tenant(t)
	names := c.furnish(t)
	b := browse(t, 0, c)
	for _, s := range screens {
		b.open(names.Replace(s.path))
		b.see(s.word)
		want := b.list(`(() => {` + walk + `
			document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute("tabindex"); // from the page's beginning
			return reachable().map(named); })()`)
		var got []string
		for range want {
			b.run(chromedp.KeyEvent("\t"))
			got = append(got, b.list(`(() => {`+walk+`
				const e = document.activeElement, box = e.getBoundingClientRect(), style = getComputedStyle(e);
				const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 && box.width > 1 && box.right > 0 && box.bottom > 0 && box.top < innerHeight;
				return [named(e) + (seen ? "" : " (not seen)")]; })()`)...)
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") || !strings.HasPrefix(got[0], "a #main") {
			t.Errorf("%s is walked\n%s\nand has\n%s", s.name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	b.open("")
	b.run(chromedp.KeyEvent("\t"), chromedp.KeyEvent("\r"))
	if at := b.list("[document.activeElement.id]"); at[0] != "main" {
		t.Errorf("the link that skips the navigation leads to %q", at)
	}
}

// list is what a script returns.
func (b *tab) list(script string) []string {
	b.Helper()
	all, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](script))
	if err != nil {
		b.Fatal(err)
	}
	return all
}
