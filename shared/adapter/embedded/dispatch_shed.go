package embedded

import "github.com/memhooks/memhooks/shared/hook"

// needs is how many entries a lane should hold of the most that it may: none
// where it is stopped, few where nobody answers it.
func (l *lane) needs(most int) int {
	switch {
	case l.state != hook.Active:
		return 0
	case l.stuck:
		return min(minWindow, most)
	default:
		return most
	}
}

// untouched reports whether nothing was begun with an entry but to put it in
// line.
func (it *item) untouched() bool { return it.entry != nil && !it.row && !it.out && !it.dropped }

// shed gives back what the window's end holds beyond a size: what is untouched
// is read from the log again when there is room for it, what is settled is not.
func (l *lane) shed(size int) {
	cut := len(l.window)
	for cut > size && (l.window[cut-1].untouched() || l.window[cut-1].settled || l.window[cut-1].dropped) {
		cut--
	}
	if cut == len(l.window) {
		return
	}
	gone := l.window[cut:]
	if l.late == nil {
		l.late = make(map[int64]bool)
	}
	for _, it := range gone {
		if it.shed = it.untouched(); !it.shed {
			l.late[it.seq] = true
		}
	}
	l.unchain(gone)
	l.ready.remove(func(it *item) bool { return it.shed })
	l.known, l.read = max(l.known, gone[len(gone)-1].seq), gone[0].seq-1
	clear(gone)
	l.hold(l.window[:cut])
}

// unchain takes what is shed, of which no group holds more than its end, out of
// the groups.
func (l *lane) unchain(gone []*item) {
	end := func(it *item) {
		if it.next != nil && it.next.shed && !it.shed {
			it.next, l.tails[it.group] = nil, it
		}
	}
	for _, it := range l.window {
		end(it)
	}
	for _, it := range l.rows {
		end(it)
	}
	for _, it := range gone {
		if tail := l.tails[it.group]; tail != nil && tail.shed {
			delete(l.tails, it.group)
		}
	}
}
