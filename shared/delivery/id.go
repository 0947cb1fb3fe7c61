package delivery

import (
	"strconv"
	"strings"
)

const idPrefix = "dlv_"

// ID names the delivery: dlv_<hook>.<seq>.<redrive>. All attempts of a delivery
// share it, a repetition by hand has another, and ParseID leads back from it
// without an index.
func (j Job) ID() string {
	b := make([]byte, 0, len(idPrefix)+len(j.Hook)+16)
	b = append(append(append(b, idPrefix...), j.Hook...), '.')
	b = append(strconv.AppendInt(b, j.Entry.Seq, 10), '.')
	return string(strconv.AppendInt(b, int64(j.Redrive), 10))
}

// ParseID reads what Job.ID wrote; ok is false for any other text. That the
// delivery exists is not known by it.
func ParseID(id string) (hook string, seq int64, redrive int, ok bool) {
	rest, prefixed := strings.CutPrefix(id, idPrefix)
	second := strings.LastIndexByte(rest, '.')
	if !prefixed || second < 0 {
		return "", 0, 0, false
	}
	first := strings.LastIndexByte(rest[:second], '.')
	if first < 1 {
		return "", 0, 0, false
	}
	seq, seqOK := plainNumber(rest[first+1 : second])
	n, redriveOK := plainNumber(rest[second+1:])
	if !seqOK || !redriveOK || seq < 1 || int64(int(n)) != n {
		return "", 0, 0, false
	}
	return rest[:first], seq, int(n), true
}

// plainNumber reads a decimal number in the one spelling that is printed.
func plainNumber(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n >= 0 && strconv.FormatInt(n, 10) == s
}
