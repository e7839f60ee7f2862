package tls

import (
	"crypto/sha1"
	"time"
	"unicode/utf16"
)

// certificate is what is read of an X.509 certificate (RFC 5280 section 4.1).
type certificate struct {
	ok          bool
	serial      []byte // as it stands in the certificate
	issuer      []byte // in the form "C=US, O=Example, CN=name"
	subject     []byte
	notBefore   int64 // s since the Unix epoch
	notAfter    int64
	hasValidity bool
	names       [][]byte // subject alternative names that are DNS names, addresses, URIs, mail
	fingerprint [sha1.Size]byte
}

// element is one ASN.1 value of DER (ITU-T X.690 section 8.1).
type element struct {
	tag  byte
	body []byte
}

// Tags that certificates use.
const (
	tagInteger    = 0x02
	tagBitString  = 0x03
	tagOctets     = 0x04
	tagOID        = 0x06
	tagUTF8       = 0x0c
	tagUTCTime    = 0x17
	tagTime       = 0x18
	tagBMP        = 0x1e
	tagSequence   = 0x30
	tagSet        = 0x31
	tagVersion    = 0xa0
	tagExtensions = 0xa3
)

// next takes the first element off b. ok is false if it is not whole.
func next(b []byte) (e element, rest []byte, ok bool) {
	if len(b) < 2 || b[0]&0x1f == 0x1f {
		return e, nil, false
	}
	e.tag = b[0]
	n, at := int(b[1]), 2
	if n >= 0x80 {
		k := n & 0x7f
		if k == 0 || k > 3 || len(b) < 2+k {
			return e, nil, false
		}
		n = 0
		for _, c := range b[2 : 2+k] {
			n = n<<8 | int(c)
		}
		at += k
	}
	if n > len(b)-at {
		return e, nil, false
	}
	e.body = b[at : at+n]
	return e, b[at+n:], true
}

// cutHeader reports whether b ends within the tag and length of an element.
func cutHeader(b []byte) bool {
	return len(b) < 2 || b[1] > 0x80 && len(b) < 2+int(b[1]&0x7f)
}

// parse reads a certificate. It returns an event for what is wrong with it, or
// 0; what was read before stays.
func (c *certificate) parse(der []byte) (event uint8) {
	c.fingerprint = sha1.Sum(der)
	cert, _, ok := next(der)
	if !ok || cert.tag != tagSequence {
		return evCertInvalidDER
	}
	tbs, _, ok := next(cert.body)
	switch {
	case !ok && cutHeader(cert.body):
		return evCertInvalidLength
	case !ok || tbs.tag != tagSequence:
		return evCertInvalidDER
	}
	b := tbs.body
	e, b, ok := next(b)
	if ok && e.tag == tagVersion {
		e, b, ok = next(b)
	}
	if !ok || e.tag != tagInteger {
		return evCertInvalidSerial
	}
	c.serial = e.body
	if e, b, ok = next(b); !ok || e.tag != tagSequence {
		return evCertInvalidAlgorithm
	}
	if e, b, ok = next(b); !ok || e.tag != tagSequence {
		return evCertInvalidIssuer
	}
	if c.issuer, ok = appendName(c.issuer[:0], e.body); !ok {
		return evCertInvalidIssuer
	}
	if e, b, ok = next(b); !ok || e.tag != tagSequence {
		return evCertInvalidValidity
	}
	if !c.validity(e.body) {
		return evCertInvalidDate
	}
	if e, b, ok = next(b); !ok || e.tag != tagSequence {
		return evCertInvalidSubject
	}
	if c.subject, ok = appendName(c.subject[:0], e.body); !ok {
		return evCertInvalidSubject
	}
	c.ok = true
	if e, b, ok = next(b); !ok { // the public key
		return evCertInvalidDER
	}
	for len(b) > 0 {
		if e, b, ok = next(b); !ok {
			return evCertInvalidExtensions
		}
		if e.tag == tagExtensions && !c.extensions(e.body) {
			return evCertInvalidExtensions
		}
	}
	return 0
}

func (c *certificate) validity(b []byte) bool {
	from, b, ok := next(b)
	if !ok {
		return false
	}
	to, _, ok2 := next(b)
	if !ok2 {
		return false
	}
	var ok3 bool
	if c.notBefore, ok = parseTime(from); ok {
		c.notAfter, ok3 = parseTime(to)
	}
	c.hasValidity = ok && ok3
	return c.hasValidity
}

// parseTime reads RFC 5280 section 4.1.2.5: UTCTime with two digits of the
// year, of which those from 50 on are of the last century, or GeneralizedTime.
func parseTime(e element) (int64, bool) {
	layout := "20060102150405Z"
	s := string(e.body)
	if e.tag == tagUTCTime {
		layout = "060102150405Z"
		if len(s) == len("0601021504Z") {
			layout = "0601021504Z"
		}
	} else if e.tag != tagTime {
		return 0, false
	}
	t, err := time.Parse(layout, s)
	if err != nil {
		return 0, false
	}
	if e.tag == tagUTCTime {
		// time.Parse takes years from 69 on as 19xx; RFC 5280 says from 50 on.
		if y := t.Year(); y >= 2050 {
			t = t.AddDate(-100, 0, 0)
		}
	}
	return t.Unix(), true
}

// attributes are short names of the attribute types of names (RFC 4519, PKCS
// #9, CA/Browser Forum), by the bytes of their object identifier.
var attributes = map[string]string{
	"\x55\x04\x03":                         "CN",
	"\x55\x04\x04":                         "SN",
	"\x55\x04\x05":                         "serialNumber",
	"\x55\x04\x06":                         "C",
	"\x55\x04\x07":                         "L",
	"\x55\x04\x08":                         "ST",
	"\x55\x04\x09":                         "streetAddress",
	"\x55\x04\x0a":                         "O",
	"\x55\x04\x0b":                         "OU",
	"\x55\x04\x0c":                         "title",
	"\x55\x04\x0d":                         "description",
	"\x55\x04\x0f":                         "businessCategory",
	"\x55\x04\x11":                         "postalCode",
	"\x55\x04\x12":                         "postOfficeBox",
	"\x55\x04\x29":                         "name",
	"\x55\x04\x2a":                         "givenName",
	"\x55\x04\x2b":                         "initials",
	"\x55\x04\x2c":                         "generationQualifier",
	"\x55\x04\x2d":                         "uniqueIdentifier",
	"\x55\x04\x2e":                         "dnQualifier",
	"\x55\x04\x41":                         "pseudonym",
	"\x55\x04\x61":                         "organizationIdentifier",
	"\x55\x1d\x11":                         "subjectAltName",
	"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01": "Email",
	"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x02": "unstructuredName",
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19":     "DC",
	"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01":     "UID",
	"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x01": "msJurisdictionLocality",
	"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x02": "msJurisdictionStateOrProvince",
	"\x2b\x06\x01\x04\x01\x82\x37\x3c\x02\x01\x03": "msJurisdictionCountry",
}

// appendName appends a distinguished name: attributes in their order, joined
// by ", ", those of one set by " + ".
func appendName(dst, b []byte) ([]byte, bool) {
	for first := true; len(b) > 0; first = false {
		var set element
		var ok bool
		if set, b, ok = next(b); !ok || set.tag != tagSet {
			return dst, false
		}
		if !first {
			dst = append(dst, ", "...)
		}
		for in, sep := set.body, ""; len(in) > 0; sep = " + " {
			var av element
			if av, in, ok = next(in); !ok || av.tag != tagSequence {
				return dst, false
			}
			oid, rest, ok := next(av.body)
			if !ok || oid.tag != tagOID {
				return dst, false
			}
			value, _, ok := next(rest)
			if !ok {
				return dst, false
			}
			dst = append(dst, sep...)
			if name, known := attributes[string(oid.body)]; known {
				dst = append(dst, name...)
			} else {
				dst = appendOID(dst, oid.body)
			}
			dst = append(dst, '=')
			dst = appendText(dst, value)
		}
	}
	return dst, true
}

// appendText appends a string value; UTF-16 as UTF-8, others as they came.
func appendText(dst []byte, e element) []byte {
	if e.tag != tagBMP {
		return append(dst, e.body...)
	}
	u := make([]uint16, 0, len(e.body)/2)
	for i := 0; i+1 < len(e.body); i += 2 {
		u = append(u, uint16(e.body[i])<<8|uint16(e.body[i+1]))
	}
	return append(dst, string(utf16.Decode(u))...)
}

// appendOID appends an object identifier with dots (X.690 section 8.19).
func appendOID(dst, b []byte) []byte {
	v, first := uint64(0), true
	for _, c := range b {
		v = v<<7 | uint64(c&0x7f)
		if c&0x80 != 0 {
			continue
		}
		if first {
			top := min(v/40, 2)
			dst = appendUint(dst, top)
			v -= top * 40
			first = false
		}
		dst = appendUint(append(dst, '.'), v)
		v = 0
	}
	return dst
}

// oidAltName is that of the subject alternative name, RFC 5280 section 4.2.1.6.
const oidAltName = "\x55\x1d\x11"

func (c *certificate) extensions(b []byte) bool {
	list, _, ok := next(b)
	if !ok || list.tag != tagSequence {
		return false
	}
	for b = list.body; len(b) > 0; {
		var ext element
		if ext, b, ok = next(b); !ok {
			return false
		}
		oid, rest, ok := next(ext.body)
		if !ok {
			return false
		}
		if string(oid.body) != oidAltName {
			continue
		}
		value, rest, ok := next(rest)
		if ok && value.tag == 0x01 { // critical
			value, _, ok = next(rest)
		}
		if !ok || value.tag != tagOctets || !c.altNames(value.body) {
			return false
		}
	}
	return true
}

// altNames reads GeneralNames: mail addresses, DNS names, URIs and addresses.
func (c *certificate) altNames(b []byte) bool {
	list, _, ok := next(b)
	if !ok || list.tag != tagSequence {
		return false
	}
	for b = list.body; len(b) > 0; {
		var e element
		if e, b, ok = next(b); !ok {
			return false
		}
		switch e.tag {
		case 0x81, 0x82, 0x86:
			c.names = append(c.names, e.body)
		case 0x87:
			c.names = append(c.names, ipText(e.body))
		}
	}
	return true
}
