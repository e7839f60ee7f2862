package dataset

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// readObjects takes the values of a file of JSON objects.
func (s *Set) readObjects(text []byte) error {
	if s.spec.Format == JSON {
		items, err := arrayAt(text, s.spec.ArrayKey)
		if err != nil {
			return fmt.Errorf("%s: %w", s.spec.Load, err)
		}
		for i, raw := range items {
			if err := s.object(raw); err != nil {
				return fmt.Errorf("%s: item %d: %w", s.spec.Load, i, err)
			}
		}
	} else {
		n := 0
		for line := range bytes.Lines(text) {
			n++
			if line = bytes.TrimSpace(line); len(line) == 0 {
				continue
			}
			if err := s.object(line); err != nil {
				return fmt.Errorf("%s:%d: %w", s.spec.Load, n, err)
			}
		}
	}
	if len(s.entries) == 0 && s.refused == 0 {
		return fmt.Errorf("%s: no object has a value at %q", s.spec.Load, s.spec.ValueKey)
	}
	return nil
}

// arrayAt returns the array at a path of a JSON value.
func arrayAt(text []byte, path string) ([]json.RawMessage, error) {
	raw := json.RawMessage(text)
	if path != "" {
		for part := range strings.SplitSeq(path, ".") {
			var m map[string]json.RawMessage
			if err := json.Unmarshal(raw, &m); err != nil {
				return nil, fmt.Errorf("array_key %q: %w", path, err)
			}
			next, ok := m[part]
			if !ok {
				return nil, fmt.Errorf("array_key %q: there is no %q", path, part)
			}
			raw = next
		}
	}
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return nil, fmt.Errorf("want an array of objects: %w", err)
	}
	return items, nil
}

// object takes the value of one object; objects without it are passed over, and
// the first of several with the same value counts.
func (s *Set) object(raw []byte) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		return fmt.Errorf("want an object: %w", err)
	}
	parts := strings.Split(s.spec.ValueKey, ".")
	last := len(parts) - 1
	at := m
	for _, part := range parts[:last] {
		next, ok := at[part].(map[string]any)
		if !ok {
			return nil
		}
		at = next
	}
	text, ok := at[parts[last]].(string)
	if !ok || text == "" {
		return nil
	}
	key := []byte(text)
	if s.spec.Type != String {
		var err error
		if key, err = plainValue(text, s.spec.Type); err != nil {
			return err
		}
	}
	if _, have := s.entries[string(key)]; have {
		return nil
	}
	var b bytes.Buffer
	if s.spec.RemoveKey {
		delete(at, parts[last])
		out, err := json.Marshal(m)
		if err != nil {
			return err
		}
		b.Write(out)
	} else if err := json.Compact(&b, raw); err != nil {
		return err
	}
	s.objects = append(s.objects, b.String())
	s.memuse += uint64(b.Len())
	s.put(key, uint32(len(s.objects)))
	return nil
}
