package detect

import (
	"fmt"

	"weir/decode/flow"
	"weir/decode/packet"
)

// Process is what rules may ask of the process behind a packet.
type Process struct {
	Comm, Exe, Container string
	UID                  uint32
}

// Processes says which process of this host sends a packet or, where it comes from
// elsewhere, takes it. It is asked by all workers, for rules that want to know alone.
type Processes func(p *packet.Packet) (Process, bool)

// processKeywords are about the process behind a packet.
var processKeywords = []Keyword{
	{Name: "process.comm", Doc: "What follows is about the name that the process at this host's end of the connection has given itself; of live traffic only.", Example: `process.comm; content:"nc"; startswith; endswith;`, setup: processBuffer("process.comm", func(x *Process) string { return x.Comm })},
	{Name: "process.exe", Doc: "What follows is about the path of the program that the process at this host's end runs; of live traffic only.", Example: `process.exe; content:"/tmp/"; startswith;`, setup: processBuffer("process.exe", func(x *Process) string { return x.Exe })},
	{Name: "process.uid", Doc: "User that the process at this host's end runs as; of live traffic only.", Syntax: "integer", Example: "process.uid:>999;", setup: processUID},
	{Name: "container.id", Doc: "What follows is about the id of the container in which the process at this host's end runs; of live traffic only.", Example: `container.id; content:"4f"; startswith;`, setup: processBuffer("container.id", func(x *Process) string { return x.Container })},
}

// processBuffer makes a sticky buffer over a text about the process.
func processBuffer(name string, get func(x *Process) string) setup {
	return func(c *compiler, v string) error {
		ask := c.e.opt.Processes
		return headerBuffer(name, func(p *packet.Packet) []byte {
			if ask == nil {
				return nil
			}
			x, ok := ask(p)
			if s := get(&x); ok && s != "" {
				return []byte(s)
			}
			return nil
		})(c, v)
	}
}

func processUID(c *compiler, v string) error {
	ask := c.e.opt.Processes
	t, err := parseInt(v, nil)
	if err != nil {
		return fmt.Errorf("user: %w", err)
	}
	return c.cond(func(p *packet.Packet, _ *flow.Flow) bool {
		if ask == nil {
			return false
		}
		x, ok := ask(p)
		return ok && t.fits(uint64(x.UID))
	})
}
