package stream

import (
	"weir/decode/flow"
	"weir/decode/packet"
)

// Policy says which copy of a byte the receiver keeps when segments overlap,
// and how it takes RST and time stamps.
type Policy uint8

// Policies, by the system of the receiver.
const (
	PolicyBSD Policy = iota
	PolicyOldLinux
	PolicyLinux
	PolicySolaris
	PolicyHPUX10
	PolicyHPUX11
	PolicyIRIX
	PolicyMacOS
	PolicyWindows
	PolicyVista
	PolicyWindows2K3
	PolicyFirst
	PolicyLast
)

// keepOld reports whether the bytes of segment old stay where those of segment
// x, which came later, differ (Novak and Sturges, "Target-Based TCP Stream
// Reassembly", 2007).
func (pol Policy) keepOld(old, x span) bool {
	switch pol {
	case PolicyFirst, PolicyVista:
		return true
	case PolicyLast:
		return false
	case PolicySolaris, PolicyHPUX11:
		// The later one, unless the earlier ends behind it or hides its end.
		if x.off <= old.off {
			return x.end < old.end
		}
		return x.end <= old.end
	}
	switch {
	case x.off < old.off:
		return false
	case x.off > old.off:
		return true
	case pol == PolicyLinux:
		return x.end <= old.end
	case pol == PolicyOldLinux:
		return x.end < old.end
	}
	return true
}

// apply makes an exception for reason r. It reports whether the packet may still
// be followed.
func (a *arrival) apply(r flow.Reason, x flow.Exception) bool {
	p, f := a.p, a.f
	f.Exceptions.Note(r, x)
	a.Counters.Exceptions[r][x]++
	switch x {
	case flow.ExceptionPassPacket:
		p.Flags |= packet.NoPayloadInspect | packet.NoPacketInspect
	case flow.ExceptionPassFlow:
		f.Flags |= flow.Passed | flow.NoPayloadInspect | flow.NoPacketInspect
	case flow.ExceptionBypass:
		f.Flags |= flow.Passed | flow.NoPayloadInspect | flow.NoPacketInspect | flow.BypassLocal
		f.State = flow.StateBypassed
		a.StopReassembly(f)
		return false
	case flow.ExceptionReject, flow.ExceptionDropFlow:
		if a.opt.IPS && x == flow.ExceptionReject {
			f.Flags |= flow.Rejected
		}
		if a.opt.IPS {
			f.Flags |= flow.Dropped
		}
		f.Flags |= flow.NoPayloadInspect | flow.NoPacketInspect
		a.drop(r, x)
		a.StopReassembly(f)
		return false
	case flow.ExceptionDropPacket:
		a.drop(r, x)
		return false
	}
	return true
}

// dropReasons are what a packet was dropped for, by the reason of the exception.
var dropReasons = [...]packet.DropReason{
	flow.ReasonStreamMemcap: packet.DropStreamMemcap, flow.ReasonReassemblyMemcap: packet.DropReassembly,
	flow.ReasonMidstream: packet.DropMidstream, flow.ReasonAppError: packet.DropAppError,
}

// drop drops the packet by an exception.
func (a *arrival) drop(r flow.Reason, x flow.Exception) {
	p := a.p
	p.Flags |= packet.NoPayloadInspect | packet.NoPacketInspect
	p.Drop(dropReasons[r])
	if x == flow.ExceptionReject {
		p.Reject |= packet.RejectSrc | packet.RejectDst
	}
}
