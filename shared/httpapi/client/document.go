package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Doc is a JSON object. Numbers in it are json.Number, digit by digit as they
// came. What is absent, null or of another kind reads as the zero value; a nil
// Doc is empty.
type Doc map[string]any

// Parse reads one JSON object, with nothing behind it.
func Parse(raw []byte) (Doc, error) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var d Doc
	err := decoder.Decode(&d)
	switch {
	case err != nil:
		return nil, fmt.Errorf("read a JSON object: %w", err)
	case d == nil:
		return nil, errors.New("read a JSON object: it is null")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("read a JSON object: something stands behind it")
	}
	return d, nil
}

// Text is a string, or the digits of a number.
func (d Doc) Text(name string) string {
	switch v := d[name].(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// Int is a whole number within int64.
func (d Doc) Int(name string) int64 {
	n, _ := d[name].(json.Number)
	whole, _ := n.Int64()
	return whole
}

// Bool is true or false.
func (d Doc) Bool(name string) bool {
	b, _ := d[name].(bool)
	return b
}

// Doc is an object.
func (d Doc) Doc(name string) Doc {
	m, _ := d[name].(map[string]any)
	return m
}

// List is the objects of an array; what is in it besides is left out.
func (d Doc) List(name string) []Doc {
	all, _ := d[name].([]any)
	docs := make([]Doc, 0, len(all))
	for _, v := range all {
		if m, ok := v.(map[string]any); ok {
			docs = append(docs, m)
		}
	}
	return docs
}

// Texts is the strings of an array; what is in it besides is left out.
func (d Doc) Texts(name string) []string {
	all, _ := d[name].([]any)
	texts := make([]string, 0, len(all))
	for _, v := range all {
		if s, ok := v.(string); ok {
			texts = append(texts, s)
		}
	}
	return texts
}
