package proto

import (
	"fmt"
	"slices"
)

// Set is the protocols of one program, in order of their IDs. It is made once
// and then only read.
type Set struct {
	all    []*Protocol // by ID; the reserved ones are nil
	byName map[string]*Protocol
	names  []string
}

// NewSet numbers the protocols in the given order.
func NewSet(ps ...*Protocol) (*Set, error) {
	s := &Set{
		all:    make([]*Protocol, firstID),
		byName: map[string]*Protocol{},
		names:  []string{"unknown", "failed"},
	}
	for _, p := range ps {
		if _, dup := s.byName[p.Name]; dup {
			return nil, fmt.Errorf("protocol %q is listed twice", p.Name)
		}
		if len(p.Events) > 255 {
			return nil, fmt.Errorf("protocol %q: %d events, want at most 255", p.Name, len(p.Events))
		}
		p.ID = ID(len(s.all))
		s.all = append(s.all, p)
		s.byName[p.Name] = p
		s.names = append(s.names, p.EVEName())
	}
	return s, nil
}

// EVEName returns the name that events use as app_proto.
func (p *Protocol) EVEName() string {
	if p.EVE != "" {
		return p.EVE
	}
	return p.Name
}

// Section returns the protocol's place under app-layer.protocols.
func (p *Protocol) Section() string {
	if p.Config != "" {
		return p.Config
	}
	return p.Name
}

// ByName returns the protocol of that name, or nil.
func (s *Set) ByName(name string) *Protocol { return s.byName[name] }

// ByID returns a protocol, or nil for Unknown and Failed.
func (s *Set) ByID(id ID) *Protocol {
	if int(id) < len(s.all) {
		return s.all[id]
	}
	return nil
}

// Name returns app_proto of events for id.
func (s *Set) Name(id ID) string {
	if int(id) < len(s.names) {
		return s.names[id]
	}
	return s.names[Unknown]
}

// All returns the protocols in order.
func (s *Set) All() []*Protocol { return s.all[firstID:] }

// Members returns the protocols that a rule protocol covers: the one of that
// name and those that have it as a family.
func (s *Set) Members(rule string) []*Protocol {
	var m []*Protocol
	for _, p := range s.All() {
		if p.Name == rule || slices.Contains(p.Families, rule) {
			m = append(m, p)
		}
	}
	return m
}

// AppEvent is an oddity of protocol detection, raised on a packet.
type AppEvent uint8

// Events of protocol detection.
const (
	EvMismatchBoth AppEvent = iota + 1
	EvWrongDirectionFirstData
	EvDetectOneDirection
	EvSkippedFirstDirection // not raised by current versions
	EvNoTLSAfterSTARTTLS
	EvUnexpectedProtocol
	EvProtocolChangeFailed
)

// Name returns the name that rules use behind app-layer-event; events spell it
// in upper case.
func (e AppEvent) Name() string {
	return [...]string{
		"",
		"applayer_mismatch_protocol_both_directions",
		"applayer_wrong_direction_first_data",
		"applayer_detect_protocol_only_one_direction",
		"applayer_proto_detection_skipped",
		"applayer_no_tls_after_starttls",
		"applayer_unexpected_protocol",
		"failed_protocol_change",
	}[e]
}

// AppEventByName is the reverse of AppEvent.Name; 0 if there is none.
func AppEventByName(name string) AppEvent {
	for e := EvMismatchBoth; e <= EvProtocolChangeFailed; e++ {
		if e.Name() == name {
			return e
		}
	}
	return 0
}
