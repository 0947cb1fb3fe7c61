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

// unchain takes what is shed out of the groups, of which it is the end. What is
// before it may be in no window any more: an attempt that is under way, though
// others have ended its job, or one that they ended in line.
func (l *lane) unchain(gone []*item) {
	for _, it := range gone {
		before := it.before
		switch {
		case !it.shed || before != nil && before.shed:
		case before == nil:
			delete(l.tails, it.group)
		default:
			before.next, l.tails[it.group] = nil, before
		}
	}
}
