// Package certstore keeps certificates in the layout of Suricata's tls-store: for each
// chain a file in PEM, and one beside it that says where it was seen. Both are named by
// time and a running number; those of clients have client- in front.
package certstore

import (
	"encoding/pem"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"weir/decode"
)

// Store is the folder of one run, for all workers.
type Store struct {
	dir string

	mu    sync.Mutex
	count uint64 // chains so far
	lost  uint64
	first error
}

// New makes the folder.
func New(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("make certificate store: %w", err)
	}
	return &Store{dir: dir}, nil
}

// KeepCerts implements decode.CertSink. The workers take turns: rules that ask for
// certificates are few.
func (s *Store) KeepCerts(c *decode.Certs) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	at := c.Now
	if c.Packet != nil {
		at = c.Packet.Time
	}
	base := fmt.Sprintf("%d.%06d-%d", at/1e9, at%1e9/1e3, s.count)
	if c.Client {
		base = "client-" + base
	}
	var chain []byte
	for _, der := range c.Chain {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	path := filepath.Join(s.dir, base)
	err := errors.Join(os.WriteFile(path+".pem", chain, 0o640), os.WriteFile(path+".meta", describe(c, at), 0o640))
	if err == nil {
		return
	}
	if s.lost++; s.first == nil {
		s.first = err
	}
}

// describe says where and when a chain was seen.
func describe(c *decode.Certs, at int64) []byte {
	f := c.Flow
	src, dst, sport, dport := f.Addr[0], f.Addr[1], f.Port[0], f.Port[1]
	b := fmt.Appendf(nil, "TIME:              %s\n", time.Unix(0, at).UTC().Format("01/02/2006-15:04:05.000000"))
	if p := c.Packet; p != nil {
		b = fmt.Appendf(b, "PCAP PKT NUM:      %d\n", p.Num)
		src, dst, sport, dport = p.Src, p.Dst, p.SrcPort, p.DstPort
	}
	return fmt.Appendf(b, "SRC IP:            %s\nDST IP:            %s\nPROTO:             %d\nSRC PORT:          %d\nDST PORT:          %d\n"+
		"TLS SUBJECT:       %s\nTLS ISSUERDN:      %s\nTLS FINGERPRINT:   %s\n",
		netip.AddrFrom16(src).Unmap().StringExpanded(), netip.AddrFrom16(dst).Unmap().StringExpanded(), f.Proto, sport, dport,
		c.Subject, c.Issuer, c.Fingerprint)
}

// Close tells what is missing.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first == nil {
		return nil
	}
	return fmt.Errorf("certificate store %s is incomplete, %d chains are missing: %w", s.dir, s.lost, s.first)
}
