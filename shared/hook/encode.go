package hook

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/hook/pattern"
	"github.com/memhooks/memhooks/shared/redact"
)

// encoded is what of a hook a store keeps in one text.
type encoded struct {
	Name        string           `json:"name"`
	Description string           `json:"description,omitempty"`
	Mode        Mode             `json:"mode"`
	URL         string           `json:"url,omitempty"`
	Dialect     string           `json:"dialect"`
	Causes      []events.Cause   `json:"causes,omitempty"`
	Namespace   *string          `json:"namespace,omitempty"`
	Pattern     any              `json:"pattern,omitempty"`
	Redaction   redact.Mode      `json:"redaction"`
	PIIRisk     *Acknowledgement `json:"pii_risk,omitempty"`
	MaxRetries  int              `json:"max_retries"`
	Secret      *SealedSecret    `json:"secret,omitempty"`
	CreatedAt   int64            `json:"created_at"`
	Since       int64            `json:"since"`
}

// Encode writes all of a hook but its ID, Memory, State and Version, which a
// store has elsewhere, as JSON.
func Encode(h *Hook) (string, error) {
	data, err := json.Marshal(encoded{
		h.Name, h.Description, h.Mode, h.URL, h.Dialect, h.Causes, h.Namespace, h.Pattern.JSON(), h.Redaction,
		h.PIIRisk, h.MaxRetries, h.Secret, h.CreatedAt, h.Since,
	})
	if err != nil {
		return "", fmt.Errorf("encode hook %s: %w", h.ID, err)
	}
	return string(data), nil
}

// Decode reads into h what Encode wrote. It fails on anything else.
func Decode(text []byte, h *Hook) error {
	var data encoded
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // a pattern's numbers keep their digits
	if err := decoder.Decode(&data); err != nil {
		return fmt.Errorf("decode hook %s: %w", h.ID, err)
	}
	p, err := pattern.Parse(data.Pattern)
	if err != nil {
		return fmt.Errorf("read the filter of hook %s: %w", h.ID, err)
	}
	h.Name, h.Description, h.Mode, h.URL, h.Dialect = data.Name, data.Description, data.Mode, data.URL, data.Dialect
	h.Causes, h.Namespace, h.Pattern, h.Redaction = data.Causes, data.Namespace, p, data.Redaction
	h.PIIRisk, h.MaxRetries, h.Secret = data.PIIRisk, data.MaxRetries, data.Secret
	h.CreatedAt, h.Since = data.CreatedAt, data.Since
	return nil
}
