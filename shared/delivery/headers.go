package delivery

import (
	"strconv"
	"time"

	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/sign"
)

// notKept stands for a signature, which nobody can make again: its time and
// perhaps its secret are others by now.
const notKept = "(signature, not kept)"

// Headers are what the last attempt told its receiver beside the body, by name
// and value in the order of the documents; none before the first attempt. They
// are made again from the record and the hook as it is now: a signature is
// there by its name alone.
func (r Record) Headers(h hook.Hook, version string) [][2]string {
	if r.Job.Attempts == 0 {
		return nil
	}
	began := r.FirstAt
	if r.Job.Attempts > 1 {
		began = r.LastAt - r.Took.Milliseconds()
	}
	out := [][2]string{
		{"Content-Type", jsonType[0]},
		{"User-Agent", userAgent(version)},
		{sign.HeaderID, r.Job.Entry.Change.EventID()},
		{sign.HeaderTimestamp, strconv.FormatInt(time.UnixMilli(began).Unix(), 10)},
	}
	if h.Secret != nil {
		out = append(out, [2]string{sign.HeaderSignature, notKept})
		if name := sign.Dialect(h.Dialect).ProductHeader(); name != "" {
			out = append(out, [2]string{name, notKept})
		}
	}
	return append(out,
		[2]string{headerHook, h.ID},
		[2]string{headerDelivery, r.Job.ID()},
		[2]string{headerAttempt, strconv.Itoa(r.Job.Attempts)},
		[2]string{headerSeq, strconv.FormatInt(r.Job.Entry.Seq, 10)},
		[2]string{headerPrevSeq, strconv.FormatInt(r.Job.Prev, 10)},
	)
}

func userAgent(version string) string { return "memhooks/" + version }
