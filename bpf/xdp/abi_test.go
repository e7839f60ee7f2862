package xdp

import (
	"encoding/binary"
	"reflect"
	"testing"
)

// TestLayout compares what the maps are keyed and filled with to the program's own
// description.
func TestLayout(t *testing.T) {
	for _, c := range []struct{ mine, theirs reflect.Type }{
		{reflect.TypeFor[key4](), reflect.TypeFor[programKey4]()},
		{reflect.TypeFor[key6](), reflect.TypeFor[programKey6]()},
	} {
		bits, _ := c.theirs.FieldByName("Bits")
		addr, _ := c.theirs.FieldByName("Addr")
		if c.mine.Size() != c.theirs.Size() || c.mine.Field(0).Offset != bits.Offset || c.mine.Field(1).Offset != addr.Offset || c.mine.Field(1).Type.Size() != addr.Type.Size() {
			t.Errorf("%v of %d bytes, want %v of %d", c.mine, c.mine.Size(), c.theirs, c.theirs.Size())
		}
	}
	// Samples are read field by field: there must be no holes.
	if got, want := binary.Size(programSample{}), int(reflect.TypeFor[programSample]().Size()); got != want {
		t.Errorf("sample of %d bytes, want %d", got, want)
	}
}
