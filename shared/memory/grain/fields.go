package grain

import "encoding/json"

// fullConfidence is the confidence of a grain that names none.
const fullConfidence = json.Number("1.0")

// The fields of the table's rows. A kind is given where the specification
// fixes one or where other parts of the system rely on it; the rest is kept as
// it comes.

// common is what every type has.
var common = []field{
	{name: "type", short: "t", kind: text},
	{name: "namespace", short: "ns", kind: text},
	{name: "created_at", short: "ca", kind: whole},
	{name: "subject", short: "s", kind: text},
	{name: "relation", short: "r", kind: text},
	{name: "object", short: "o", kind: text},
	{name: "content", kind: text},
	{name: "confidence", short: "c", kind: unit, absent: fullConfidence},
	{name: "source_type", short: "st", kind: text},
	{name: "temporal_type", short: "tt", kind: text},
	{name: "valid_from", short: "vf", kind: whole},
	{name: "valid_to", short: "vt", kind: whole},
	{name: "system_valid_from", short: "svf", kind: whole},
	{name: "context", short: "ctx"},
	{name: "importance", short: "im", kind: float},
	{name: "author_did", short: "adid", kind: text},
	{name: "user_id", short: "user", kind: text},
	{name: "scope_path", kind: text},
	{name: "tags", kind: texts, noEmpty: true},
	{name: "derived_from", short: "df", kind: texts},
	{name: "consolidation_level", short: "cl", kind: number},
	{name: "provenance_chain", short: "pc", kind: list},
	{name: "origin_did", short: "odid", kind: text},
	{name: "origin_namespace", short: "ons", kind: text},
	{name: "content_refs", short: "cr", kind: objects, items: newSchema(contentRefFields)},
	{name: "embedding_refs", short: "er", kind: list},
	{name: "related_to", short: "rt", kind: objects, items: newSchema(relationFields)},
	{name: "invalidation_policy", short: "ip", kind: object},
	{name: "role", kind: text},
	{name: "run_id", short: "rid", kind: text},
	{name: "session_id", short: "sid2", kind: text},
	{name: "subject_did", short: "sdid", kind: text},
	{name: "superseded_by", kind: outside},
	{name: "system_valid_to", kind: outside},
	{name: "verification_status", kind: outside},
	{name: "access_count", kind: outside},
	{name: "last_accessed_at", kind: outside},
}

var contentRefFields = []field{
	{name: "uri", short: "u"},
	{name: "modality", short: "m"},
	{name: "mime_type", short: "mt"},
	{name: "size_bytes", short: "sz"},
	{name: "checksum", short: "ck"},
	{name: "metadata", short: "md"},
}

var relationFields = []field{
	{name: "hash", short: "h"},
	{name: "relation_type", short: "rl"},
	{name: "weight", short: "w", kind: float},
}

var edgeFields = []field{
	{name: "src"},
	{name: "dst"},
	{name: "cond"},
	{name: "max_cycles", short: "mxc"},
}

var beliefFields = []field{
	{name: "subject", short: "s", kind: text, must: true},
	{name: "relation", short: "r", kind: text, must: true},
	{name: "object", short: "o", kind: text, must: true},
}

var eventFields = []field{
	{name: "content", kind: text, must: true},
	{name: "content_blocks", short: "cblocks", kind: list},
	{name: "model_id", short: "mdl", kind: text},
	{name: "stop_reason", short: "stopr", kind: text},
	{name: "token_usage", short: "toku"},
	{name: "parent_message_id", short: "pmid", kind: text},
}

var stateFields = []field{
	{name: "context", short: "ctx", kind: object},
	{name: "plan"},
	{name: "history"},
}

var workflowFields = []field{
	{name: "nodes", kind: list},
	{name: "edges", kind: objects, items: newSchema(edgeFields)},
	{name: "bindings", short: "bind"},
	{name: "retries"},
	{name: "trigger"},
}

var actionFields = []field{
	{name: "tool_name", short: "tn", kind: text},
	{name: "input", short: "inp"},
	{name: "content", short: "cnt"},
	{name: "is_error", short: "iserr", kind: truth},
	{name: "error", short: "err", kind: text},
	{name: "duration_ms", short: "dur", kind: number},
	{name: "parent_task_id", short: "ptid", kind: text},
	{name: "tool_call_id", short: "tcid", kind: text},
	{name: "output_schema", short: "osch"},
}

var observationFields = []field{
	{name: "content", kind: text, must: true, as: "object"},
	{name: "observer_id", short: "oid", kind: text, absent: "unknown"},
	{name: "observer_type", short: "otype", kind: text, absent: "agent"},
	{name: "observer_model", short: "omdl", kind: text},
	{name: "frame_id", short: "fid", kind: text},
	{name: "sync_group", short: "sg", kind: text},
	{name: "observation_mode", short: "omode", kind: text},
	{name: "observation_scope", short: "oscope", kind: text},
	{name: "compression_ratio", short: "ocmp", kind: float},
}

var goalFields = []field{
	{name: "description", short: "desc", kind: text, must: true},
	{name: "goal_state", short: "gs", kind: text, absent: "active"},
	{name: "priority", short: "pri"},
	{name: "criteria", short: "crit"},
	{name: "parent_goals", short: "pgs"},
	{name: "state_reason", short: "sr", kind: text},
	{name: "progress", short: "prog", kind: float},
	{name: "delegate_to", short: "dto", kind: text},
	{name: "delegate_from", short: "dfo", kind: text},
}

var reasoningFields = []field{
	{name: "premises", short: "prem"},
	{name: "conclusion", short: "conc", kind: text},
	{name: "inference_method", short: "imethod", kind: text},
	{name: "alternatives_considered", short: "altc"},
}

var consensusFields = []field{
	{name: "participating_observers", short: "pobs"},
	{name: "threshold", short: "thold", kind: float},
	{name: "agreement_count", short: "agcnt"},
	{name: "dissent_count", short: "discnt"},
	{name: "agreed_content", short: "agcon"},
}

var consentFields = []field{
	{name: "subject_did", short: "sdid", kind: text, must: true},
	{name: "user_id", short: "user", kind: text, must: true},
	{name: "grantee_did", short: "gdid", kind: text},
	{name: "scope"},
	{name: "is_withdrawal", short: "isw", kind: truth},
	{name: "basis", kind: text},
	{name: "jurisdiction", short: "jur", kind: text},
	{name: "prior_consent", short: "pcon", kind: text},
	{name: "witness_dids", short: "wdids"},
}
