package dnp3

import (
	"strconv"
	"strings"
)

// maxMembers bounds the members of a layout.
const maxMembers = 16

// layout says how a point of an object is laid out.
type layout struct {
	packed  int  // bits of a point of which several share a byte, 0 if it has bytes of its own
	open    bool // the last member takes the rest: points have their size in front
	members []member
}

// member is one value of a point.
type member struct {
	name   string
	kind   byte // 'u' unsigned, 'i' signed, 'f' float, 't' text, 'x' bytes
	bits   int  // of a part of a byte, from shift on; 0: whole bytes
	shift  int
	bytes  int // of a number
	length int // of text and bytes: the member that says it, -1 is all the rest
}

func layoutKey(group, variation uint8) uint16 { return uint16(group)<<8 | uint16(variation) }

// What many objects share.
const (
	quality   = "online:b1 restart:b1 comm_lost:b1 remote_forced:b1 local_forced:b1 "
	binaryIn  = quality + "chatter_filter:b1 reserved:b1 state:b1"
	doubleIn  = quality + "chatter_filter:b1 state:b2"
	binaryOut = quality + "reserved0:b1 reserved1:b1 state:b1"
	counter   = quality + "rollover:b1 discontinuity:b1 reserved0:b1 "
	counter2  = quality + "rollover:b1 reserved0:b1 reserved1:b1 "
	counter3  = quality + "rollover:b1 discontinuity:b1 reserved1:b1 "
	analog    = quality + "over_range:b1 reference_err:b1 reserved0:b1 "
	security  = quality + "reserved0:b1 discontinuity:b1 reserved1:b1 association_id:u2 count_value:u4"
	command   = "op_type:b4 qu:b1 cr:b1 tcc:b2 count:u1 ontime:u4 offtime:u4 status_code:b7 reserved:b1"
	commanded = "status_code:b7 reserved0:b1 "
	at        = " timestamp:u6"
)

// layouts are the objects whose points are read (annex A): group and variation, how
// many bits if points are packed, members.
var layouts = makeLayouts([]struct {
	group, variation uint8
	packed           int
	members          string
}{
	{1, 1, 1, "state:u1"}, {1, 2, 0, binaryIn},
	{2, 1, 0, "state:u1"}, {2, 2, 0, binaryIn + at}, {2, 3, 0, binaryIn + " timestamp:u2"},
	{3, 1, 2, "state:u1"}, {3, 2, 0, doubleIn},
	{4, 1, 0, doubleIn}, {4, 2, 0, doubleIn + at}, {4, 3, 0, doubleIn + " relative_time_ms:u2"},
	{10, 1, 1, "state:u1"}, {10, 2, 0, binaryOut}, {11, 1, 0, binaryOut}, {11, 2, 0, binaryOut + at},
	{12, 1, 0, command}, {12, 2, 0, command}, {12, 3, 1, "point:u1"},
	{13, 1, 0, "status_code:b7 commanded_state:b1"}, {13, 2, 0, "status_code:b7 commanded_state:b1" + at},
	{20, 1, 0, counter + "count:u4"}, {20, 2, 0, counter + "count:u2"}, {20, 3, 0, counter2 + "count:u4"}, {20, 4, 0, counter2 + "count:u2"},
	{20, 5, 0, "count:u4"}, {20, 6, 0, "count:u2"}, {20, 7, 0, "count:u4"}, {20, 8, 0, "count:u2"},
	{21, 1, 0, counter + "count:u4"}, {21, 2, 0, counter + "count:u2"}, {21, 3, 0, counter2 + "count:u4"}, {21, 4, 0, counter2 + "count:u2"},
	{21, 5, 0, counter3 + "count:u4" + at}, {21, 6, 0, counter3 + "count:u2" + at}, {21, 7, 0, counter2 + "count:u4" + at}, {21, 8, 0, counter2 + "count:u2" + at},
	{21, 9, 0, "count:u4"}, {21, 10, 0, "count:u2"}, {21, 11, 0, "count:u4"}, {21, 12, 0, "count:u2"},
	{22, 1, 0, counter + "count:u4"}, {22, 2, 0, counter + "count:u2"}, {22, 3, 0, counter2 + "count:u4"}, {22, 4, 0, counter2 + "count:u2"},
	{22, 5, 0, counter2 + "count:u4" + at}, {22, 6, 0, counter + "count:u2" + at}, {22, 7, 0, counter2 + "count:u4" + at}, {22, 8, 0, counter2 + "count:u2" + at},
	{23, 1, 0, counter + "count:u4"}, {23, 2, 0, counter2 + "count:u2"}, {23, 3, 0, counter2 + "count:u4"}, {23, 4, 0, counter2 + "count:u2"},
	{23, 5, 0, counter + "count:u4" + at}, {23, 6, 0, counter + "count:u2" + at}, {23, 7, 0, counter2 + "count:u4" + at}, {23, 8, 0, counter2 + "count:u2" + at},
	{30, 1, 0, analog + "value:i4"}, {30, 2, 0, analog + "value:i2"}, {30, 3, 0, "value:i4"}, {30, 4, 0, "value:i2"},
	{30, 5, 0, analog + "value:f4"}, {30, 6, 0, analog + "value:f8"},
	{31, 1, 0, analog + "value:i4"}, {31, 2, 0, analog + "value:i2"}, {31, 3, 0, analog + "value:i4" + at}, {31, 4, 0, analog + "value:i2" + at},
	{31, 5, 0, "value:i4"}, {31, 6, 0, "value:i2"}, {31, 7, 0, analog + "value:f4"}, {31, 8, 0, analog + "value:f8"},
	{32, 1, 0, analog + "value:i4"}, {32, 2, 0, analog + "value:i2"}, {32, 3, 0, analog + "value:i4" + at}, {32, 4, 0, analog + "value:i2" + at},
	{32, 5, 0, analog + "value:f4"}, {32, 6, 0, analog + "value:f8"}, {32, 7, 0, analog + "value:f4" + at}, {32, 8, 0, analog + "value:f8" + at},
	{33, 1, 0, analog + "value:i4"}, {33, 2, 0, analog + "value:i2"}, {33, 3, 0, analog + "value:i4" + at}, {33, 4, 0, analog + "value:i2" + at},
	{33, 5, 0, analog + "value:f4"}, {33, 6, 0, analog + "value:f8"}, {33, 7, 0, analog + "value:f4" + at}, {33, 8, 0, analog + "value:f8" + at},
	{34, 1, 0, "deadband_value:u2"}, {34, 2, 0, "deadband_value:u4"}, {34, 3, 0, "deadband_value:f4"},
	{40, 1, 0, analog + "value:i4"}, {40, 2, 0, analog + "value:i2"}, {40, 3, 0, analog + "value:f4"}, {40, 4, 0, analog + "value:f8"},
	{41, 1, 0, "value:i4 control_status:u1"}, {41, 2, 0, "value:i2 control_status:u1"},
	{41, 3, 0, "value:f4 control_status:u1"}, {41, 4, 0, "value:f8 control_status:u1"},
	{42, 1, 0, analog + "value:i4"}, {42, 2, 0, analog + "value:i2"}, {42, 3, 0, analog + "value:i4" + at}, {42, 4, 0, analog + "value:i2" + at},
	{42, 5, 0, analog + "value:f4"}, {42, 6, 0, analog + "value:f8"}, {42, 7, 0, analog + "value:f4" + at}, {42, 8, 0, analog + "value:f8" + at},
	{43, 1, 0, commanded + "commanded_value:i4"}, {43, 2, 0, commanded + "commanded_value:i2"},
	{43, 3, 0, commanded + "commanded_value:i4" + at}, {43, 4, 0, commanded + "commanded_value:i2" + at},
	{43, 5, 0, commanded + "commanded_value:f4"}, {43, 6, 0, commanded + "commanded_value:f8"},
	{43, 7, 0, commanded + "commanded_value:f4" + at}, {43, 8, 0, commanded + "commanded_value:f8" + at},
	{50, 1, 0, at}, {50, 2, 0, at + " interval:u4"}, {50, 3, 0, at}, {50, 4, 0, at + " interval_count:u4 interval_units:u1"},
	{51, 1, 0, at}, {51, 2, 0, at}, {52, 1, 0, "delay_secs:u2"}, {52, 2, 0, "delay_ms:u2"},
	{70, 2, 0, "username_offset:u2 username_size:u2 password_offset:u2 password_size:u2 authentication_key:u4 username:t.username_size password:t.password_size"},
	{70, 3, 0, "filename_offset:u2 filename_size:u2 created:u6 permissions:u2 authentication_key:u4 file_size:u4 operational_mode:u2 " +
		"maximum_block_size:u2 request_id:u2 filename:t.filename_size"},
	{70, 4, 0, "file_handle:u4 file_size:u4 maximum_block_size:u2 request_id:u2 status_code:u1 optional_text:t"},
	{70, 5, 0, "file_handle:u4 block_number:u4 file_data:t"}, {70, 6, 0, "file_handle:u4 block_number:u4 status_code:u1 optional_text:t"},
	{70, 7, 0, "filename_offset:u2 filename_size:u2 file_type:u2 file_size:u4 created_timestamp:u6 permissions:u2 request_id:u2 filename:t.filename_size"},
	{70, 8, 0, "file_specification:t"},
	{80, 1, 1, "state:u1"}, {81, 1, 0, "fill_percentage:b7 overflow_state:b1 group:u1 variation:u1"},
	{86, 2, 0, "rd:b1 wr:b1 st:b1 ev:b1 df:b1 padding0:b1 padding1:b1 padding2:b1"}, {102, 1, 0, "value:u1"},
	{120, 1, 0, "csq:u4 usr:u2 mal:u1 reason:u1 data->challenge_data:x"}, {120, 2, 0, "csq:u4 usr:u2 data->mac_value:x"},
	{120, 3, 0, "csq:u4 user_number:u2"}, {120, 4, 0, "user_number:u2"},
	{120, 5, 0, "ksq:u4 user_number:u2 key_wrap_alg:u1 key_status:u1 mal:u1 challenge_data_len:u2 data->challenge_data:x.challenge_data_len data->mac_value:x"},
	{120, 6, 0, "ksq:u3 usr:u2 data->wrapped_key_data:x"},
	{120, 7, 0, "sequence_number:u4 usr:u2 association_id:u2 error_code:u1 time_of_error:u6 error_text:t"},
	{120, 8, 0, "key_change_method:u1 certificate_type:u1 data->certificate:x"}, {120, 9, 0, "data->mac_value:x"},
	{120, 10, 0, "key_change_method:u1 operation:u1 scs:u4 user_role:u2 user_role_expiry_interval:u2 username_len:u2 user_public_key_len:u2 " +
		"certification_data_len:u2 username:t.username_len data->user_public_key:x.user_public_key_len data->certification_data:x.certification_data_len"},
	{120, 11, 0, "key_change_method:u1 username_len:u2 master_challenge_data_len:u2 username:t.username_len " +
		"data->master_challenge_data:x.master_challenge_data_len"},
	{120, 12, 0, "ksq:u4 user_number:u2 challenge_data_len:u2 data->challenge_data:x.challenge_data_len"},
	{120, 13, 0, "ksq:u4 user_number:u2 encrypted_update_key_len:u2 data->encrypted_update_key_data:x.encrypted_update_key_len"},
	{120, 14, 0, "data->digital_signature:x"}, {120, 15, 0, "data->mac:x"},
	{121, 1, 0, security}, {122, 1, 0, security}, {122, 2, 0, security + at},
})

// makeLayouts reads the table. A member is name:kind, the kind a letter with a size:
// bN is N bits of a byte, uN, iN and fN are numbers of N bytes, t is text and x are
// bytes, of a length that the member behind the dot says or else all the rest.
func makeLayouts(table []struct {
	group, variation uint8
	packed           int
	members          string
}) map[uint16]*layout {
	all := make(map[uint16]*layout, len(table))
	for _, e := range table {
		l := &layout{packed: e.packed}
		shift := 0
		for word := range strings.FieldsSeq(e.members) {
			name, kind, _ := strings.Cut(word, ":")
			m := member{name: name, kind: kind[0], length: -1}
			size, _ := strconv.Atoi(kind[1:])
			switch kind[0] {
			case 'b':
				m.kind, m.bits, m.shift = 'u', size, shift%8
				shift += size
			case 't', 'x':
				for i, other := range l.members {
					if kind[1:] == "."+other.name {
						m.length = i
					}
				}
			default:
				m.bytes = size
			}
			l.open = (m.kind == 't' || m.kind == 'x') && m.length < 0
			l.members = append(l.members, m)
		}
		all[layoutKey(e.group, e.variation)] = l
	}
	return all
}
