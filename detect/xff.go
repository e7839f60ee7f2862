package detect

import (
	"bytes"
	"net/netip"

	"weir/decode/event"
	"weir/decode/field"
)

// forwarded says what alerts show of the address that proxies name in a header
// of the request.
type forwarded struct {
	on, overwrite, first bool
	header               string // in lower case
}

// readForwarded reads the section xff of an output.
func readForwarded(o event.Options) (x forwarded) {
	if x.on = o.Bool("enabled", false); !x.on {
		return x
	}
	switch o.String("mode", "extra-data") {
	case "extra-data":
	case "overwrite":
		x.overwrite = true
	default:
		o.Reject("mode", "extra-data, overwrite")
	}
	switch o.String("deployment", "reverse") {
	case "reverse":
	case "forward":
		x.first = true
	default:
		o.Reject("deployment", "reverse, forward")
	}
	x.header = string(bytes.ToLower([]byte(o.String("header", "X-Forwarded-For"))))
	return x
}

// address returns the client's address as the header has it: the last one of
// several, which the nearest proxy has seen, or the first.
func (x *alertBody) address(o *forwarded) (netip.Addr, bool) {
	if !o.on || x.a.tx == nil || x.pr == nil || x.pr.Header == nil {
		return netip.Addr{}, false
	}
	v := x.pr.Header(x.a.tx, o.header)
	if i := bytes.IndexByte(v, ','); o.first && i >= 0 {
		v = v[:i]
	} else if i := bytes.LastIndexByte(v, ','); i >= 0 {
		v = v[i+1:]
	}
	v = bytes.Trim(v, " \t\"")
	if a, err := netip.ParseAddr(string(v)); err == nil {
		return a, true
	}
	if ap, err := netip.ParseAddrPort(string(v)); err == nil {
		return ap.Addr(), true
	}
	return netip.Addr{}, false
}

// Addresses implements event.Addresser.
func (x *alertBody) Addresses(opt any, src, dst netip.Addr) (netip.Addr, netip.Addr) {
	o, _ := opt.(*alertOptions)
	if o == nil || !o.xff.overwrite {
		return src, dst
	}
	a, ok := x.address(&o.xff)
	switch {
	case !ok:
	case x.p.Dir == field.ToServer:
		src = a
	default:
		dst = a
	}
	return src, dst
}
