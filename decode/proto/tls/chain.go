package tls

import (
	"bytes"
	"hash/maphash"
	"slices"

	"weir/decode/cursor"
	"weir/decode/event"
)

// chain is a Certificate message (RFC 5246 section 7.4.2). Servers show the same
// one to all clients: sessions share what was read of it.
type chain struct {
	message []byte
	certs   [][]byte    // DER, the end entity's first; slices of message
	cert    certificate // the end entity's
	events  []uint8     // what is wrong with it

	// Texts, made when somebody asks.
	print, serial []byte
}

// noChain stands for that of a side that has shown none.
var noChain chain

// readChain reads a Certificate message, which it keeps.
func readChain(message []byte) *chain {
	ch := &chain{message: message}
	c := cursor.New(message)
	list := c.Sub(int(c.U24()))
	if list.Short() {
		ch.events = []uint8{evCertInvalidLength}
		return ch
	}
	for list.Len() >= 3 && len(ch.certs) < maxChain {
		der := list.Bytes(int(list.U24()))
		if der == nil {
			ch.events = append(ch.events, evCertInvalidLength)
			break
		}
		ch.certs = append(ch.certs, der)
	}
	if len(ch.certs) > 0 {
		if ev := ch.cert.parse(ch.certs[0]); ev != 0 {
			ch.events = append(ch.events, ev, evInvalidCertificate)
		}
	}
	return ch
}

// fingerprint returns the SHA-1 of the end entity's certificate in text.
func (ch *chain) fingerprint() []byte {
	if ch.print == nil && len(ch.certs) > 0 {
		ch.print = event.AppendHex(nil, ch.cert.fingerprint[:], ":")
	}
	return ch.print
}

// serialText returns the serial number of the end entity's certificate in text.
func (ch *chain) serialText() []byte {
	if ch.serial == nil && len(ch.cert.serial) > 0 {
		ch.serial = upper(event.AppendHex(nil, ch.cert.serial, ":"))
	}
	return ch.serial
}

func upper(b []byte) []byte {
	for i, c := range b {
		if c >= 'a' && c <= 'f' {
			b[i] = c - 0x20
		}
	}
	return b
}

const (
	// chainSlots is how many messages a worker remembers.
	chainSlots = 1024
	// maxShared is the longest that is remembered, bytes.
	maxShared = 16 << 10
)

// chains are the messages that a worker has seen last, by hash.
type chains struct {
	seed  maphash.Seed
	slots [chainSlots]*chain
}

func newChains() *chains { return &chains{seed: maphash.MakeSeed()} }

// read returns what a message says. b is copied.
func (c *chains) read(b []byte) *chain {
	if len(b) > maxShared {
		return readChain(slices.Clone(b))
	}
	slot := &c.slots[maphash.Bytes(c.seed, b)%chainSlots]
	if *slot == nil || !bytes.Equal((*slot).message, b) {
		*slot = readChain(slices.Clone(b))
	}
	return *slot
}
