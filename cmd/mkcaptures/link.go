package main

import (
	"fmt"
	"slices"
	"strings"

	"weir/decode/packet"
	"weir/decode/packet/packettest"
)

// linkFiles are captures of each link type, and of tags.
func linkFiles() []file {
	var order []packet.LinkType
	frames := map[packet.LinkType][][]byte{}
	for _, c := range packettest.Wholes() {
		if len(c.Sources) > 1 {
			continue // a tunnel
		}
		if frames[c.Link] == nil {
			order = append(order, c.Link)
		}
		frames[c.Link] = append(frames[c.Link], c.Frame)
	}
	var all []file
	for _, l := range order {
		all = append(all, capture(fmt.Sprintf("link/made-link-%s.pcap", linkName(l)), l, frames[l]...))
	}
	return all
}

// linkName returns a name for files: libpcap's, with the number where it has
// several.
func linkName(l packet.LinkType) string {
	name := strings.ToLower(strings.ReplaceAll(l.Name(), "_", "-"))
	if name == "raw" {
		return fmt.Sprintf("raw-%d", l)
	}
	return name
}

// brokenFiles are captures of broken frames, by link type.
func brokenFiles() []file {
	var order []packet.LinkType
	frames := map[packet.LinkType][][]byte{}
	for _, c := range packettest.Broken() {
		if !slices.Contains(order, c.Link) {
			order = append(order, c.Link)
		}
		frames[c.Link] = append(frames[c.Link], c.Frame)
	}
	var all []file
	for _, l := range order {
		all = append(all, capture(fmt.Sprintf("broken/made-broken-%s.pcap", linkName(l)), l, frames[l]...))
	}
	return all
}

// tunnelFiles are one HTTP conversation in each kind of tunnel.
func tunnelFiles() []file {
	var all []file
	for _, c := range packettest.Wholes() {
		if len(c.Sources) > 1 {
			all = append(all, capture("tunnel/made-tunnel-"+strings.NewReplacer(" ", "-", ",", "").Replace(c.Name)+".pcap", c.Link, c.Frame))
		}
	}
	c := packettest.NewConn("10.0.0.1", 40000, "10.0.0.2", 80).Request(request, 0).Response(response, 0).Close()
	wrap := func(name string, how func(ip []byte, out packettest.IP) []byte) {
		var ips [][]byte
		for _, ip := range c.Packets {
			out := packettest.IP{Src: "192.0.2.1", Dst: "192.0.2.2"}
			if ip[15] == 2 { // of the server
				out.Src, out.Dst = out.Dst, out.Src
			}
			ips = append(ips, how(ip, out))
		}
		all = append(all, ethernet("tunnel/made-tunnel-http-"+name+".pcap", ips...))
	}
	wrap("gre", func(ip []byte, out packettest.IP) []byte {
		out.Proto = packet.ProtoGRE
		return out.Wrap(packettest.GRE(packettest.IPv4, ip))
	})
	wrap("ipip", func(ip []byte, out packettest.IP) []byte {
		out.Proto = packet.ProtoIPIP
		return out.Wrap(ip)
	})
	wrap("vxlan", func(ip []byte, out packettest.IP) []byte {
		return out.UDP(49152, 4789, packettest.VXLANHeader(7, packettest.EtherIP(ip)))
	})
	wrap("geneve", func(ip []byte, out packettest.IP) []byte {
		return out.UDP(49152, 6081, packettest.GENEVEHeader(7, packettest.IPv4, ip))
	})
	return all
}
