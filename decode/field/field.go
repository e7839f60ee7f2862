// Package field describes the values of protocols that rules can match: a name,
// a kind, where the value stands, and how to get at it.
//
// A protocol's fields.go is a table of these. The engine turns Bytes into
// sticky buffers, Multi into multi-buffers, Uint into keywords with the shared
// integer syntax; the manual is printed from the same table.
package field

// Kind says how a field is matched.
type Kind uint8

// Kinds.
const (
	KindBytes     Kind = iota // sticky buffer with one value
	KindMulti                 // sticky buffer with several values, each matched alone
	KindBody                  // sticky buffer over bytes that come in pieces
	KindUint                  // integer keyword: name:>15
	KindMultiUint             // integer keyword over several values
	KindCustom                // keyword with a syntax of its own
)

// Field is what all kinds have in common.
type Field struct {
	Name    string   // as rules spell it: "http.uri"
	Aliases []string // other spellings of the sticky buffer or keyword: "dns_query"
	// Modifiers are content modifiers of old that select this buffer for the
	// content before them: "http_uri".
	Modifiers []string
	Doc       string // one sentence
	Syntax    string // of the argument; empty for sticky buffers
	Example   string // options that use it, compiled by a test: `http.uri; content:"/a";`
	Log       string // path in the event: "http.url"

	// Dir are the directions it exists in.
	Dir Dir
	// State is the Progress from which the value is complete, by direction; it
	// is inspected from then on.
	State [2]uint8
	// Check, if not nil, looks at each pattern of a rule on this buffer: why it
	// can never match ("http.host is lower case"), or "".
	Check func(pattern []byte, nocase bool) string
	// Enum are the names of values of a Uint field.
	Enum []EnumName
	// Flags are the names of bits of a Uint field: its argument may be a list of
	// them, each that is to be set, or behind ! not to be set.
	Flags []EnumName
	// Bits is the size of a Uint field, 8, 16, 32 or 64.
	Bits int
	// NoFastPattern keeps the buffer out of the prefilter.
	NoFastPattern bool
	// Growing: a multi-buffer that may get values until the direction is complete.
	Growing bool
}

// EnumName names one value.
type EnumName struct {
	Name  string
	Value uint64
}

// Window is the part of a body that is there to be inspected.
type Window struct {
	Data   []byte
	Offset uint64 // of Data[0] in the body
	End    bool   // nothing more comes
	// Seen is how many bytes of Data an earlier window has shown; 0 if that is
	// not known.
	Seen int
}

// Def is a Field with its getter; exactly the one of its Kind is set. tx is the
// protocol's own *Tx. A nil slice says that the transaction has no such value;
// an empty one, not nil, that the value is there and empty.
type Def struct {
	Field
	Kind  Kind
	Bytes func(tx any, dir Dir) []byte
	Multi func(tx any, dir Dir, i int) (b []byte, ok bool) // ok is false behind the last
	// Body returns what is to be inspected now: nil Data if it is too early
	// (too few bytes yet). flush is set at the end of the flow.
	Body func(tx any, dir Dir, flush bool) Window
	// Inspected is called after the last rule has seen the window that Body
	// returned: what is in front of it may be forgotten.
	Inspected func(tx any, dir Dir)
	Uint      func(tx any, dir Dir, i int) (v uint64, ok bool) // i is 0 for KindUint
	// Compile parses the argument of a KindCustom keyword.
	Compile func(arg string) (func(tx any, dir Dir) bool, error)
}

// Bytes makes a sticky buffer.
func Bytes[T any](f Field, get func(tx *T, dir Dir) []byte) Def {
	return Def{Field: f, Kind: KindBytes, Bytes: func(tx any, dir Dir) []byte { return get(tx.(*T), dir) }}
}

// Multi makes a multi-buffer.
func Multi[T any](f Field, get func(tx *T, dir Dir, i int) ([]byte, bool)) Def {
	return Def{Field: f, Kind: KindMulti, Multi: func(tx any, dir Dir, i int) ([]byte, bool) { return get(tx.(*T), dir, i) }}
}

// Body makes a sticky buffer over a body; inspected may be nil.
func Body[T any](f Field, get func(tx *T, dir Dir, flush bool) Window, inspected func(tx *T, dir Dir)) Def {
	d := Def{Field: f, Kind: KindBody, Body: func(tx any, dir Dir, flush bool) Window { return get(tx.(*T), dir, flush) }}
	if inspected != nil {
		d.Inspected = func(tx any, dir Dir) { inspected(tx.(*T), dir) }
	}
	return d
}

// Uint makes an integer keyword.
func Uint[T any](f Field, get func(tx *T, dir Dir) (uint64, bool)) Def {
	return Def{Field: f, Kind: KindUint, Uint: func(tx any, dir Dir, _ int) (uint64, bool) { return get(tx.(*T), dir) }}
}

// MultiUint makes an integer keyword over several values.
func MultiUint[T any](f Field, get func(tx *T, dir Dir, i int) (uint64, bool)) Def {
	return Def{Field: f, Kind: KindMultiUint, Uint: func(tx any, dir Dir, i int) (uint64, bool) { return get(tx.(*T), dir, i) }}
}

// Custom makes a keyword with a syntax of its own.
func Custom[T any](f Field, compile func(arg string) (func(tx *T, dir Dir) bool, error)) Def {
	return Def{Field: f, Kind: KindCustom, Compile: func(arg string) (func(any, Dir) bool, error) {
		m, err := compile(arg)
		if err != nil {
			return nil, err
		}
		return func(tx any, dir Dir) bool { return m(tx.(*T), dir) }, nil
	}}
}
