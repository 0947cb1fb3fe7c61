package redact

import "github.com/memhooks/memhooks/shared/fault"

// Gate is rule COMP-H1: it refuses a hook that would receive full content from
// a memory whose policies detect personal data, unless its maker acknowledged
// the risk. The refusal is a fault.PIIRisk whose message names the ways out.
func Gate(mode Mode, policiesDetectPII, acknowledged bool) error {
	if Effective(mode, policiesDetectPII, acknowledged) == mode {
		return nil
	}
	return fault.New(fault.PIIRisk,
		"COMP-H1: this memory's policies detect personal data, so a hook with redaction_mode %q needs a decision: "+
			"send \"acknowledge_pii_risk\": true to receive full content, "+
			"or set \"redaction_mode\" to %q or %q", Full, MetadataOnly, HashOnly)
}

// Effective is the mode that a hook's deliveries use at this moment: MetadataOnly
// for a Full hook on a memory that detects personal data and has no
// acknowledgement (a policy may be added after the hook was made), else mode.
func Effective(mode Mode, policiesDetectPII, acknowledged bool) Mode {
	if mode == Full && policiesDetectPII && !acknowledged {
		return MetadataOnly
	}
	return mode
}
