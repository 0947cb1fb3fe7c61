package delivery

// Health is how a hook's deliveries ended lately. The zero value is that of a
// new hook, and of one that was just resumed.
type Health struct {
	Dead int  // dead letters in a row, without a success between them
	Held bool // so many that the hook is to be held
}

// After is the health after one more outcome: a dead letter counts, a
// success forgets them, all else changes nothing. Once there are holdAfter in
// a row the hook is to be held (0 or less: never), and stays so until the
// caller starts over with the zero Health.
func (h Health) After(o Outcome, holdAfter int) Health {
	switch o.Verdict {
	case Delivered:
		h.Dead = 0
	case GiveUp:
		h.Dead++
		h.Held = h.Held || holdAfter > 0 && h.Dead >= holdAfter
	}
	return h
}
