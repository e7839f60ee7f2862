package dnp3

import "weir/decode/proto"

// Indices into Protocol.Events.
const (
	evFlooded = iota
	evTooSmall
	evLinkCRC
	evTransportCRC
	evUnknown
	evTooManyPoints
	evTooManyObjects
	evTooLong
	evPointsPerObject
)

var events = []proto.EventDef{
	evFlooded:         {Name: "flooded", EVE: "FLOODED", Doc: "More fragments than max-tx came at once."},
	evTooSmall:        {Name: "len_too_small", EVE: "LEN_TOO_SMALL", Doc: "A frame is too short for what it ought to hold."},
	evLinkCRC:         {Name: "bad_link_crc", EVE: "BAD_LINK_CRC", Doc: "The checksum of a frame's header is wrong."},
	evTransportCRC:    {Name: "bad_transport_crc", EVE: "BAD_TRANSPORT_CRC", Doc: "The checksum of a block of a frame is wrong."},
	evUnknown:         {Name: "unknown_object", EVE: "UNKNOWN_OBJECT", Doc: "Points of an object cannot be read: its group and variation are not known, or it is cut."},
	evTooManyPoints:   {Name: "too_many_points", EVE: "TOO_MANY_POINTS", Doc: "The objects of a fragment have more points than max-points."},
	evTooManyObjects:  {Name: "too_many_objects", EVE: "TOO_MANY_OBJECTS", Doc: "A fragment has more objects than max-objects."},
	evTooLong:         {Name: "too_long_reassembly", EVE: "TOO_LONG_REASSEMBLY", Doc: "A fragment has more segments than their numbers tell apart."},
	evPointsPerObject: {Name: "max_points_per_object", EVE: "MAX_POINTS_PER_OBJECT", Doc: "An object has more points than max-points."},
}
