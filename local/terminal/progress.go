package terminal

import (
	"fmt"
	"strings"
	"time"
)

// barWidth is how many characters a whole bar has.
const barWidth = 30

// Bar shows how far something long has come, on one line of the error output
// that is drawn again; nowhere but on a terminal. It belongs to one goroutine.
type Bar struct {
	screen Screen
	what   string
	total  int
	done   int
	since  time.Time
}

// Bar begins a bar; total is what stands for the whole.
func (s Screen) Bar(what string, total int) *Bar {
	b := &Bar{screen: s, what: what, total: max(total, 1), since: time.Now()}
	b.draw()
	return b
}

// At says how much is done. It never goes back.
func (b *Bar) At(done int) {
	if done = min(done, b.total); done > b.done {
		b.done = done
		b.draw()
	}
}

// End takes the bar away, so that what follows begins on a clean line.
func (b *Bar) End() { b.screen.wipe() }

// Elapsed shows each second how long something has taken that does not tell how
// far it has come, where a Bar would be drawn. What it returns takes the line
// away, and waits until it is.
func (s Screen) Elapsed(what string) (end func()) {
	if !s.Live {
		return func() {}
	}
	ending, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		second := time.NewTicker(time.Second)
		defer second.Stop()
		for since := time.Now(); ; {
			fmt.Fprintf(s.Err, "\r\x1b[K%s … %s", what, time.Since(since).Round(time.Second))
			select {
			case <-second.C:
			case <-ending:
				s.wipe()
				return
			}
		}
	}()
	return func() {
		close(ending)
		<-ended
	}
}

// wipe empties the line that is drawn again.
func (s Screen) wipe() {
	if s.Live {
		fmt.Fprint(s.Err, "\r\x1b[K")
	}
}

func (b *Bar) draw() {
	if !b.screen.Live {
		return
	}
	full := barWidth * b.done / b.total
	fmt.Fprintf(b.screen.Err, "\r\x1b[K%s [%s%s] %d/%d %s", b.what,
		strings.Repeat("#", full), strings.Repeat(".", barWidth-full), b.done, b.total, b.left())
}

// left says how long it will take if it goes on as it went, "" at the ends.
func (b *Bar) left() string {
	if b.done == 0 || b.done == b.total {
		return ""
	}
	spent := time.Since(b.since)
	return "about " + (spent * time.Duration(b.total-b.done) / time.Duration(b.done)).Round(time.Second).String()
}
