package field

// Dir is a direction of a flow, or a set of directions.
type Dir uint8

// Directions. The client is the side that sent the first packet, unless TCP
// state or protocol detection proved otherwise.
const (
	ToServer Dir = 1 << iota
	ToClient
	Both = ToServer | ToClient
)

// Index returns 0 for ToServer and 1 for ToClient: the place of the direction
// in the two-element arrays that flows and transactions hold.
func (d Dir) Index() int { return int(d-1) & 1 }

// Reverse returns the other direction.
func (d Dir) Reverse() Dir { return d ^ Both }

// Has reports whether d contains all of o.
func (d Dir) Has(o Dir) bool { return d&o == o }

// String returns the name as rules and events spell it.
func (d Dir) String() string {
	switch d {
	case ToServer:
		return "to_server"
	case ToClient:
		return "to_client"
	case Both:
		return "both"
	}
	return "none"
}
