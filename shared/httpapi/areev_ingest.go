package httpapi

import (
	"context"
	"encoding/json"
	"io"
	"mime"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/memory/chunk"
	"github.com/memhooks/memhooks/shared/wire"
)

// The bounds and defaults of cutting a document. An overlap of at most half a
// chunk keeps the work in proportion to the document.
const (
	defaultChunk   = 1000
	defaultOverlap = 100
	maxChunk       = 20_000 // characters
	maxChunks      = 5000
)

// documentInput is a multipart form.
type documentInput struct {
	InMemory
	RawBody huma.MultipartFormFiles[documentForm]
}

type documentForm struct {
	File   huma.FormFile `form:"file" contentType:"text/plain,text/markdown" required:"true" doc:"Text or Markdown, UTF-8"`
	Config string        `form:"config" required:"false" doc:"JSON: namespace=default, tags, chunk_size=1000 and chunk_overlap=100 in characters, confidence=0.8, user_id, scope_path"`
}

// documentConfig says how a document is cut and what its chunks have in common.
type documentConfig struct {
	Namespace  *string      `json:"namespace"`
	Tags       []string     `json:"tags"`
	Size       *int         `json:"chunk_size"`
	Overlap    *int         `json:"chunk_overlap"`
	Confidence *json.Number `json:"confidence"`
	UserID     string       `json:"user_id"`
	ScopePath  string       `json:"scope_path"`
}

// documentFields are the members of a config.
var documentFields = []string{"namespace", "tags", "chunk_size", "chunk_overlap", "confidence", "user_id", "scope_path"}

func (a *API) ingest(ctx context.Context, in *documentInput) (*batchAnswer, error) {
	form := in.RawBody.Data()
	config, err := readConfig(in, form.Config)
	if err != nil {
		return nil, err
	}
	text, err := readDocument(form.File)
	if err != nil {
		return nil, err
	}
	inputs, err := config.cut(text)
	if err != nil {
		return nil, err
	}
	at := make([]int, len(inputs))
	for i := range at {
		at[i] = i
	}
	return a.addAll(ctx, in.ID, inputs, make([]memory.Result, len(inputs)), at)
}

// readConfig reads the part config, which may come as a file of its own.
func readConfig(in *documentInput, text string) (documentConfig, error) {
	var c documentConfig
	if files := in.RawBody.Form.File["config"]; text == "" && len(files) == 1 {
		f, err := files[0].Open()
		if err != nil {
			return c, fault.Wrap(fault.InvalidField, err, "config can't be read: send it as a form field")
		}
		defer f.Close()
		raw, err := io.ReadAll(f)
		if err != nil {
			return c, fault.Wrap(fault.InvalidField, err, "config can't be read: send it as a form field")
		}
		text = string(raw)
	}
	if strings.TrimSpace(text) == "" {
		return c, nil
	}
	tree, err := wire.Parse([]byte(text))
	if err != nil {
		return c, err
	}
	object, ok := tree.(map[string]any)
	if !ok {
		return c, fault.New(fault.InvalidField, "config must be a JSON object")
	}
	for name := range object {
		if !slices.Contains(documentFields, name) {
			return c, fault.New(fault.InvalidField, "config has an unknown field %s: use %s", quoted(name), strings.Join(documentFields, ", "))
		}
	}
	if err := decode([]byte(text), &c); err != nil {
		return c, fault.Wrap(fault.InvalidField, err, "config: %s", err)
	}
	return c, nil
}

// documentKinds are the endings of names whose content is text.
var documentKinds = []string{".txt", ".text", ".md", ".markdown", ".mdown", ".log", ".csv"}

// readDocument takes text and Markdown and nothing else.
func readDocument(f huma.FormFile) (string, error) {
	defer f.Close()
	media, _, err := mime.ParseMediaType(f.ContentType)
	known := err == nil && (media == "text/plain" || media == "text/markdown" || media == "text/x-markdown")
	byName := slices.Contains(documentKinds, strings.ToLower(path.Ext(f.Filename)))
	if !known && (!byName || media != "application/octet-stream" && !strings.HasPrefix(media, "text/")) {
		return "", fault.New(fault.UnsupportedMedia, "file is %.80q: only text and Markdown are taken; convert it, and send the part as text/plain or text/markdown", f.ContentType)
	}
	raw, err := io.ReadAll(f)
	if err != nil {
		return "", fault.Wrap(fault.InvalidField, err, "file can't be read: send it whole")
	}
	text := strings.TrimPrefix(string(raw), "\ufeff")
	switch {
	case !utf8.ValidString(text):
		return "", fault.New(fault.InvalidField, "file is not valid UTF-8: convert it first")
	case strings.ContainsRune(text, 0):
		return "", fault.New(fault.InvalidField, "file holds NUL characters, so it is no text: convert it first")
	}
	return text, nil
}

// cut makes one event grain of each chunk. Their index keeps equal chunks apart.
func (c documentConfig) cut(text string) ([]memory.Input, error) {
	size, overlap := defaultChunk, defaultOverlap
	if c.Size != nil {
		size = *c.Size
		overlap = min(overlap, size/10)
	}
	if c.Overlap != nil {
		overlap = *c.Overlap
	}
	if err := checkShared(c.Tags); err != nil {
		return nil, err
	}
	switch {
	case size > maxChunk:
		return nil, fault.New(fault.InvalidField, "chunk_size is %d; give 1 to %d characters", size, maxChunk)
	case c.Confidence != nil && !isUnit(*c.Confidence):
		return nil, fault.New(fault.InvalidField, "confidence is %.40s; give a number from 0 to 1", *c.Confidence)
	case overlap > size/2:
		return nil, fault.New(fault.InvalidField, "chunk_overlap is %d; give 0 to %d, half of chunk_size", overlap, size/2)
	}
	chunks, err := chunk.Split(text, size, overlap)
	switch {
	case err != nil:
		return nil, err
	case len(chunks) == 0:
		return nil, fault.New(fault.InvalidField, "file holds no text: send one that does")
	case len(chunks) > maxChunks:
		return nil, fault.New(fault.InvalidField, "file gives %d chunks, more than %d: give a larger chunk_size, or send it in parts", len(chunks), maxChunks)
	}
	inputs := make([]memory.Input, len(chunks))
	for i, text := range chunks {
		inputs[i] = withDefaults(memory.Input{Type: "event", Namespace: given(c.Namespace), Fields: c.fields(text, i)})
	}
	return inputs, nil
}

func isUnit(n json.Number) bool {
	f, err := n.Float64()
	return err == nil && f >= 0 && f <= 1
}

// documentConfidence is what chunks have where the config says nothing.
const documentConfidence = json.Number("0.8")

func (c documentConfig) fields(text string, index int) map[string]any {
	fields := map[string]any{
		"content": text, "confidence": documentConfidence, "tags": listOf(c.Tags),
		"chunk_index": json.Number(strconv.Itoa(index)),
	}
	if c.Confidence != nil {
		fields["confidence"] = *c.Confidence
	}
	if c.UserID != "" {
		fields["user_id"] = c.UserID
	}
	if c.ScopePath != "" {
		fields["scope_path"] = c.ScopePath
	}
	return fields
}
