package stream

import "weir/decode/packet"

// stampIdle is how long a side may be silent before its time stamps count as
// wrapped around, s (RFC 7323 section 5.5: 24 days).
const stampIdle = 24 * 24 * 3600

// stampOutcome is what a check of a time stamp found.
type stampOutcome uint8

const (
	stampUnchecked stampOutcome = iota
	stampGood
	stampLate // older than the last, but that one is too old to count
	stampBad
)

// checkStamp checks the time stamp of p as its receiver would (RFC 7323 section
// 5.3), by policy.
func (a *arrival) checkStamp() stampOutcome {
	from, policy, t := a.from, a.to.policy, &a.p.TCP
	if !a.s.stamps || t.Opts&packet.OptTimestamp == 0 {
		return stampUnchecked
	}
	if a.opt.LiberalTimestamps {
		policy = PolicyLinux
	}
	check := true
	if from.zeroStamp {
		// The handshake used 0.
		switch policy {
		case PolicyLinux, PolicyWindows2K3:
			a.s.stamps = false // such a stamp is no offer
			check = false
		case PolicyOldLinux, PolicyWindows, PolicyVista:
			from.zeroStamp = false
			check = from.nextSeq != t.Seq
		}
	}
	if policy == PolicyHPUX11 && from.nextSeq != t.Seq {
		check = false // of segments out of order it is ignored
	}
	if t.TSVal == 0 {
		switch policy {
		case PolicyOldLinux, PolicyWindows, PolicyWindows2K3, PolicyVista, PolicySolaris:
		default:
			return stampBad
		}
	}
	if !check {
		return stampUnchecked
	}
	ahead := int32(t.TSVal - from.stamp)
	if policy == PolicyLinux {
		ahead++ // off by one is taken
	}
	now := a.p.Time / 1e9
	last := from.stampTime
	if last == 0 && a.s.midstream {
		last = now
	}
	idle := now > last+stampIdle
	if ahead >= 0 && (from.stamp == 0 || !idle) {
		return stampGood
	}
	if idle && from.nextSeq == t.Seq {
		return stampLate
	}
	return stampBad
}

// validStamp reports whether the time stamp of p does not speak against it.
func (a *arrival) validStamp() bool {
	if a.checkStamp() == stampBad {
		return a.event(packet.EvStreamPktInvalidTimestamp)
	}
	return true
}

// validEcho reports whether a reply to a SYN echoes its time stamp: others are
// not from who got the SYN.
func (a *arrival) validEcho() bool {
	t, client := &a.p.TCP, &a.s.half[0]
	if a.toServer() || t.Opts&packet.OptTimestamp == 0 || t.TSEcr == 0 {
		return true
	}
	for i := range a.s.queue {
		if a.s.queue[i].stamp == t.TSEcr {
			return true
		}
	}
	if !client.hasStamp {
		return !a.opt.StrictEcho && a.has(packet.SYN|packet.ACK) // its own offer; what it echoes is not looked at
	}
	return client.stamp == 0 || t.TSEcr == client.stamp
}

// noteStamp remembers the time stamp of an accepted packet.
func (a *arrival) noteStamp() {
	from, t := a.from, &a.p.TCP
	if !a.s.stamps {
		return
	}
	if t.Opts&packet.OptTimestamp == 0 {
		if a.to.policy == PolicySolaris {
			a.s.stamps = false // it ends with the first packet without
		}
		return
	}
	switch a.checkStamp() {
	case stampGood:
		if from.nextSeq == t.Seq {
			from.stamp = t.TSVal
		}
		from.stampTime = a.p.Time / 1e9
	case stampLate:
		from.stamp, from.stampTime = t.TSVal, a.p.Time/1e9
	}
}
