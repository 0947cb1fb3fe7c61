package awstest

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/memhooks/memhooks/shared/adapter/aws/fifo"
)

const (
	maxMessages = 10      // of one request
	maxBody     = 1 * mib // bytes of a message, and of all of one request
	maxLabel    = 128     // characters of a group and of a deduplication id
	queueUnit   = 64 * kib
)

// validMessage refuses what SQS refuses.
func validMessage(m fifo.Message) error {
	for _, label := range []struct{ name, value string }{{"group", m.Group}, {"deduplication id", m.Dedup}} {
		outside := func(r rune) bool { return r <= ' ' || r > '~' }
		if label.value == "" || len(label.value) > maxLabel || strings.ContainsFunc(label.value, outside) {
			return fmt.Errorf("InvalidParameterValue: the %s %q is not 1 to %d printable characters of ASCII without blanks",
				label.name, label.value, maxLabel)
		}
	}
	foreign := func(r rune) bool {
		return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == '\ufffe' || r == '\uffff'
	}
	switch {
	case m.Body == "" || len(m.Body) > maxBody:
		return fmt.Errorf("InvalidParameterValue: the body has %d bytes, 1 to %d allowed", len(m.Body), maxBody)
	case !utf8.ValidString(m.Body) || strings.ContainsFunc(m.Body, foreign):
		return fmt.Errorf("InvalidMessageContents: the body holds characters that XML does not allow")
	}
	return nil
}

// chargeSend counts messages in requests as full as they may be.
func (q *Queue) chargeSend(messages []fifo.Message) {
	count, size := 0, 0
	for _, m := range messages {
		if count == maxMessages || count > 0 && size+len(m.Body) > maxBody {
			q.meter.count("SendMessageBatch", units(size, queueUnit))
			count, size = 0, 0
		}
		count, size = count+1, size+len(m.Body)
	}
	if count > 0 {
		q.meter.count("SendMessageBatch", units(size, queueUnit))
	}
}

func (q *Queue) chargeReceive(got []fifo.Received) {
	size := 0
	for _, m := range got {
		size += len(m.Body)
	}
	q.meter.count("ReceiveMessage", units(size, queueUnit))
}

func (q *Queue) chargeSettle(done, later int) {
	for ; done > 0; done -= maxMessages {
		q.meter.count("DeleteMessageBatch", 1)
	}
	for ; later > 0; later -= maxMessages {
		q.meter.count("ChangeMessageVisibilityBatch", 1)
	}
}
