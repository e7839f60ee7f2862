// Mkcaptures writes the made captures of testdata/captures: link types, tags and
// tunnels, fragments, TCP segments in every order, broken packets, and files of
// every format. The same code writes the same bytes each time.
//
//	mkcaptures DIR
//
// Files of other names, recorded ones among them, are left alone.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"weir/decode/packet"
	"weir/decode/packet/packettest"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: mkcaptures DIR")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "mkcaptures:", err)
		os.Exit(1)
	}
}

// file is a capture: its place below the folder, and its bytes.
type file struct {
	name string
	data []byte
}

// files returns all made captures.
func files() []file {
	return slices.Concat(
		linkFiles(), tunnelFiles(), brokenFiles(), fragmentFiles(), streamFiles(), httpFiles(), dnsFiles(), dohFiles(), mailFiles(),
		snmpFiles(), scadaFiles(), websocketFiles(), telnetFiles(), formatFiles(),
	)
}

// write writes the captures below dir.
func write(dir string) error {
	for _, f := range files() {
		path := filepath.Join(dir, f.name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("make folder: %w", err)
		}
		if err := os.WriteFile(path, f.data, 0o644); err != nil {
			return fmt.Errorf("write capture: %w", err)
		}
	}
	return nil
}

// step is the time between two packets, ns.
const step = 1e6

// ethernet returns a capture of IP packets in Ethernet frames.
func ethernet(name string, ips ...[]byte) file {
	frames := make([][]byte, len(ips))
	for i, ip := range ips {
		frames[i] = packettest.EtherIP(ip)
	}
	return capture(name, packet.LinkEthernet, frames...)
}

// capture returns a capture of frames.
func capture(name string, link packet.LinkType, frames ...[]byte) file {
	return file{name, packettest.Pcap{Link: link}.File(packettest.Every(step, frames...))}
}
