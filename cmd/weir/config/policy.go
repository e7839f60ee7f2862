package config

// Policies are the exception policies that hold: what is done with a flow or
// packet when a limit is reached. Each is ignore, bypass, pass-flow,
// pass-packet, drop-flow, drop-packet or reject.
type Policies struct {
	StreamMemcap     string
	ReassemblyMemcap string
	Midstream        string
	FlowMemcap       string // of the packet: there is no flow
	DefragMemcap     string // of the packet
	AppLayerError    string
}

// Policies resolves the policies of the sections against exception-policy and
// the mode of operation.
func (c *Config) Policies() Policies {
	midstream := c.policy(c.Stream.MidstreamPolicy, "drop-flow")
	if c.Stream.Midstream && c.Stream.MidstreamPolicy == "" && c.ExceptionPolicy == "auto" {
		midstream = "ignore" // who takes such connections does not mean to drop them
	}
	return Policies{
		StreamMemcap:     c.policy(c.Stream.MemcapPolicy, "drop-flow"),
		ReassemblyMemcap: c.policy(c.Stream.Reassembly.MemcapPolicy, "drop-flow"),
		Midstream:        midstream,
		FlowMemcap:       c.policy(c.Flow.MemcapPolicy, "drop-packet"),
		DefragMemcap:     c.policy(c.Defrag.MemcapPolicy, "drop-packet"),
		AppLayerError:    c.policy(c.AppLayer.ErrorPolicy, "drop-flow"),
	}
}

// policy returns own or, where that does not say, the policy for all; inline is
// what auto means on traffic that can be stopped.
func (c *Config) policy(own, inline string) string {
	if own == "" {
		own = c.ExceptionPolicy
	}
	if own != "auto" {
		return own
	}
	if c.IPS {
		return inline
	}
	return "ignore"
}
