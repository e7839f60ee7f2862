package stream

import (
	"net/netip"
	"strings"
	"testing"

	"weir/decode/flow"
)

// TestStates sends segments and looks at the events they raise and at the state
// they lead to. "open" stands for a handshake.
func TestStates(t *testing.T) {
	mid := func(o *Options) { o.Midstream = true }
	async := func(o *Options) { o.Async = true }
	both := func(o *Options) { o.Async, o.Midstream = true, true }
	inline := func(o *Options) { o.Inline = true }
	strict := func(o *Options) { o.StrictEcho = true }
	for _, tt := range []struct {
		name   string
		set    func(*Options)
		script string
		want   flow.TCPState
	}{
		// Without a connection. Numbers count from 1000 and 5000: -5000 is 0.
		{"RST first", nil, "c R 0 0 ! rst_but_no_session", flow.TCPNone},
		{"FIN first", nil, "c FA 0 0 ! fin_but_no_session", flow.TCPNone},
		{"FIN first, midstream", mid, "c FA 0 0 ! fin_but_no_session", flow.TCPNone},
		{"FIN with data, midstream", mid, "c FA 0 0 data=x", flow.TCPFinWait1},
		{"data first", nil, "c A 1 1 data=x", flow.TCPNone},
		{"data first, midstream", mid, "c A 1 1 data=x; s A 1 2", flow.TCPEstablished},
		{"SYN-ACK first", nil, "s SA 0 1", flow.TCPNone},
		{"SYN-ACK first, midstream", mid, "s SA 0 1; c A 1 1", flow.TCPEstablished},
		{"broken acknowledgement", nil, "c A 1 1; c S 0 0", flow.TCPSynSent},

		// Handshake.
		{"handshake", nil, "open", flow.TCPEstablished},
		{"SYN-ACK acknowledges wrongly", nil, "c S 0 0; s SA 0 7 ! 3whs_synack_with_wrong_ack", flow.TCPSynSent},
		{"SYN-ACK from the client", nil, "c S 0 0; c SA 0 1 ! 3whs_synack_in_wrong_direction", flow.TCPSynSent},
		{"refused", nil, "c S 0 0; s RA -5000 1 win=0", flow.TCPClosed},
		{"refused, wrong acknowledgement", nil, "c S 0 0; s RA 0 9 ! pkt_invalid_ack rst_invalid_ack", flow.TCPSynSent},
		{"refused by somebody else", nil, "c S 0 0; s RA -5000 1; s SA 0 1 ! suspected_rst_inject", flow.TCPSynRecv},
		{"SYN again", nil, "c S 0 0; c S 0 0; s SA 0 1; c A 1 1", flow.TCPEstablished},
		{"another SYN counts", nil, "c S 0 0; c S 50 0; s SA 0 51; c A 51 1", flow.TCPEstablished},
		{"SYN-ACK again", nil, "c S 0 0; s SA 0 1; s SA 0 1; c A 1 1", flow.TCPEstablished},
		{"SYN-ACK with another acknowledgement", nil, "c S 0 0; s SA 0 1; s SA 0 9 ! 3whs_synack_resend_with_different_ack", flow.TCPSynRecv},
		{"another SYN-ACK counts", nil, "c S 0 0; s SA 0 1; s SA 70 1; c A 1 71", flow.TCPEstablished},
		{"SYN-ACK from the client behind one", nil, "c S 0 0; s SA 0 1; c SA 0 1 ! 3whs_synack_toserver_on_syn_recv", flow.TCPSynRecv},
		{"SYN from the server behind SYN-ACK", nil, "c S 0 0; s SA 0 1; s S 9 0 ! 3whs_syn_toclient_on_syn_recv", flow.TCPSynRecv},
		{"another SYN behind SYN-ACK", nil, "c S 0 0; s SA 0 1; c S 9 0 ! 3whs_syn_resend_diff_seq_on_syn_recv", flow.TCPSynRecv},
		{"right number, wrong acknowledgement", nil, "c S 0 0; s SA 0 1; c A 1 9 ! 3whs_right_seq_wrong_ack_evasion", flow.TCPSynRecv},
		{"both wrong", nil, "c S 0 0; s SA 0 1; c A 99 9 ! 3whs_wrong_seq_wrong_ack", flow.TCPSynRecv},
		{"ACK lost, client goes on", nil, "c S 0 0; s SA 0 1; c PA 20 1 data=x", flow.TCPEstablished},
		{"ACK lost, server goes on", nil, "c S 0 0; s SA 0 1; s PA 1 1 data=hello", flow.TCPEstablished},
		{"server goes on, inline", inline, "c S 0 0; s SA 0 1; s PA 1 1 data=x ! 3whs_ack_data_inject", flow.TCPSynRecv},
		{"server acknowledges, inline", inline, "c S 0 0; s SA 0 1; s A 1 1 ! 3whs_ack_in_wrong_dir", flow.TCPSynRecv},
		{"RST in the handshake", nil, "c S 0 0; s SA 0 1; c R 1 0", flow.TCPClosed},
		{"FIN in the handshake", nil, "c S 0 0; s SA 0 1; c FA 1 1", flow.TCPCloseWait},

		// Simultaneous open.
		{"both open", nil, "c S 0 0; s S 0 0; c SA 0 1; s A 1 1", flow.TCPEstablished},
		{"both open, wrong acknowledgement", nil, "c S 0 0; s S 0 0; c SA 0 9 ! 4whs_synack_with_wrong_ack", flow.TCPSynSent},
		{"both open, wrong number", nil, "c S 0 0; s S 0 0; c SA 5 1 ! 4whs_synack_with_wrong_syn", flow.TCPSynSent},
		{"both open, last ACK wrong", nil, "c S 0 0; s S 0 0; c SA 0 1; s A 9 1 ! 4whs_wrong_seq", flow.TCPSynRecv},

		// Fast open.
		{"fast open", nil, "c S 0 0 tfo data=abc; s SA 0 4; c A 4 1", flow.TCPEstablished},
		{"fast open, data not taken", nil, "c S 0 0 tfo data=abc; s SA 0 1 ! 3whs_synack_tfo_data_ignored; c A 1 1", flow.TCPEstablished},

		// One side.
		{"one side, not allowed", nil, "c S 0 0; c A 1 1", flow.TCPSynSent},
		{"one side", async, "c S 0 0; c A 1 1; c PA 1 1 data=abc", flow.TCPEstablished},
		{"one side, wrong number", async, "c S 0 0; c A 9 1 ! 3whs_async_wrong_seq", flow.TCPSynSent},
		{"one side from the middle", both, "c PA 1 1 data=abc; c PA 4 1 data=def", flow.TCPEstablished},

		// Time stamps.
		{"echo of another stamp", nil, "c S 0 0 ts=100,0; s RA 0 1 ts=7,99 ! pkt_invalid_timestamp; s SA 0 1 ts=7,100", flow.TCPSynRecv},
		{"echo of no stamp", nil, "c S 0 0; s SA 0 1 ts=7,100", flow.TCPSynRecv},
		{"echo of no stamp, strict", strict, "c S 0 0; s SA 0 1 ts=7,100 ! pkt_invalid_timestamp", flow.TCPSynSent},
		{"old stamp", nil, "c S 0 0 ts=100,0; s SA 0 1 ts=7,100; c A 1 1 ts=101,7; c PA 1 1 ts=50,7 data=x ! pkt_invalid_timestamp", flow.TCPEstablished},
		{"stamp wrapped", nil, "c S 0 0 ts=100,0; s SA 0 1 ts=7,100; c A 1 1 ts=101,7; c A 1 1 ts=50,7 time=3000000", flow.TCPEstablished},

		// Open connection.
		{"SYN again when open", nil, "open; c S 0 0 ! est_syn_resend", flow.TCPEstablished},
		{"another SYN when open", nil, "open; c S 9 0 ! est_syn_resend_diff_seq", flow.TCPEstablished},
		{"SYN of the server when open", nil, "open; s S 0 0 ! est_syn_toclient", flow.TCPEstablished},
		{"SYN-ACK again, ACK lost on the way", nil, "open; s SA 0 1", flow.TCPEstablished},
		{"SYN-ACK again when confirmed", nil, "open; s A 1 1; s SA 0 1 ! est_synack_resend", flow.TCPEstablished},
		{"SYN-ACK with another number", nil, "open; s SA 9 1 ! est_synack_resend_with_diff_seq", flow.TCPEstablished},
		{"SYN-ACK with another acknowledgement when open", nil, "open; s SA 0 9 ! est_synack_resend_with_different_ack", flow.TCPEstablished},
		{"SYN-ACK of the client", nil, "open; c SA 0 1 ! est_synack_toserver", flow.TCPEstablished},
		{"acknowledgement out of the window", nil, "open; c A 1 30000 ! pkt_invalid_ack est_invalid_ack", flow.TCPEstablished},
		{"acknowledgement too old", nil, "open; c PA 1 -9000 data=x ! pkt_invalid_ack est_invalid_ack", flow.TCPEstablished},
		{"segment beyond the window", nil, "open; c PA 9001 1 data=x ! est_packet_out_of_window", flow.TCPEstablished},
		{"selective acknowledgement widens the window", nil, "open; s A 1 1 sack=2000,3000; c PA 9001 1 data=x", flow.TCPEstablished},
		{"sent again when acknowledged", nil, "open; c PA 1 1 data=abc; s A 1 4; c PA 1 1 data=abc ! pkt_spurious_retransmission", flow.TCPEstablished},
		{"keep-alive", nil, "open; c PA 1 1 data=abc; s A 1 4; c A 3 1; s A 1 4; c A 3 1 data=c; s A 1 4", flow.TCPEstablished},
		{"zero window probe", nil, "open; s A 1 1 win=0; c A 1 1 data=x; s A 1 1 win=0; s A 1 2 win=0", flow.TCPEstablished},
		{"window shrinks beyond belief", nil, "open; c A 9 9 win=1 ! pkt_bad_window_update", flow.TCPEstablished},

		// RST (RFC 5961): only the next number counts for BSD.
		{"RST", nil, "open; c R 1 0", flow.TCPClosed},
		{"RST in the window", nil, "open; c R 9 0", flow.TCPEstablished},
		{"RST with data", nil, "open; c RA 1 1 data=go ! rst_with_data", flow.TCPClosed},
		{"RST acknowledges wrongly", nil, "open; c RA 1 30000 ! pkt_invalid_ack rst_invalid_ack", flow.TCPEstablished},

		// End.
		{"client ends", nil, "open; c FA 1 1; s FA 1 2; c A 2 2", flow.TCPClosed},
		{"server ends", nil, "open; s FA 1 1; c A 1 2; c FA 1 2; s A 2 2", flow.TCPClosed},
		{"server ends, then data", nil, "open; s FA 1 1; c A 1 2; c PA 1 2 data=abc; s A 2 4", flow.TCPFinWait2},
		{"both end at once", nil, "open; s FA 1 1; c FA 1 1; s A 2 2", flow.TCPClosed},
		{"FIN out of the window", nil, "open; c FA 9001 1 ! fin_out_of_window", flow.TCPEstablished},
		{"FIN acknowledges wrongly", nil, "open; c FA 1 30000 ! pkt_invalid_ack fin_invalid_ack", flow.TCPEstablished},
		{"FIN with SYN", nil, "open; c FSA 1 1 ! fin_syn", flow.TCPEstablished},
		{"FIN again", nil, "open; s FA 1 1; s FA 1 1", flow.TCPFinWait1},
		{"SYN behind a FIN", nil, "open; s FA 1 1; c S 0 0 ! shutdown_syn_resend", flow.TCPFinWait1},
		{"wrong acknowledgement behind a FIN", nil, "open; s FA 1 1; c A 1 30000 ! pkt_invalid_ack fin1_invalid_ack", flow.TCPFinWait1},
		{"data out of the window behind a FIN", nil, "open; s FA 1 1; c A 9001 2 data=x ! fin1_ack_wrong_seq", flow.TCPFinWait1},
		{"data sent again behind a FIN", nil, "open; c PA 1 1 data=abc; s A 1 4; s FA 1 4; c PA 1 1 data=abc ! pkt_spurious_retransmission pkt_retransmission", flow.TCPFinWait1},
		{"late FIN of the server", nil, "open; c FA 1 1; s FA 9001 2 ! closewait_fin_out_of_window", flow.TCPCloseWait},
		{"last ACK with a wrong number", nil, "open; c FA 1 1; s FA 1 2; c A 9 2 ! lastack_ack_wrong_seq", flow.TCPLastAck},
	} {
		t.Run(tt.name, func(t *testing.T) {
			opt := DefaultOptions()
			if tt.set != nil {
				tt.set(&opt)
			}
			w := newWire(t, opt)
			for line := range strings.SplitSeq(tt.script, ";") {
				if line = strings.TrimSpace(line); line == "open" {
					w.open()
				} else {
					w.send(line)
				}
			}
			w.state(tt.want)
			w.finish()
			w.drained()
		})
	}
}

// TestFloods sends more different segments of a handshake than are remembered.
func TestFloods(t *testing.T) {
	opt := DefaultOptions()
	opt.MaxSynQueued, opt.MaxSynAckQueued = 2, 1
	w := newWire(t, opt)
	w.send("c S 0 0", "c S 10 0", "c S 20 0", "c S 30 0 ! 3whs_syn_flood")
	w.send("s SA 0 1", "s SA 10 1", "s SA 20 1 ! 3whs_synack_flood")
	w.state(flow.TCPSynRecv)
}

// TestFloodHides answers the last SYN of a flood.
func TestFloodHides(t *testing.T) {
	opt := DefaultOptions()
	opt.MaxSynQueued = 2
	w := newWire(t, opt)
	w.send("c S 0 0", "c S 10 0", "c S 20 0", "c S 30 0 ! 3whs_syn_flood", "c S 40 0 ! 3whs_syn_flood")
	w.send("s SA 0 41", "c A 41 1", "c PA 41 1 data=ask")
	w.state(flow.TCPEstablished)
}

func TestMidstreamReply(t *testing.T) {
	opt := DefaultOptions()
	opt.Midstream = true
	w := newWire(t, opt)
	// The first packet makes the flow: its sender counts as the client.
	w.send("c SA 0 1")
	w.isn[0], w.isn[1] = w.isn[1], w.isn[0] // the directions are swapped now
	w.send("c A 1 1", "c PA 1 1 data=ask", "s A 1 4")
	w.delivered(dirOf(0), "ask")
}

// TestRstPolicies sends a RST whose number is in the window but not the next.
func TestRstPolicies(t *testing.T) {
	for _, tt := range []struct {
		policy Policy
		want   flow.TCPState
	}{
		{PolicyBSD, flow.TCPEstablished}, {PolicyWindows, flow.TCPEstablished}, {PolicyVista, flow.TCPEstablished},
		{PolicyLinux, flow.TCPClosed}, {PolicyOldLinux, flow.TCPClosed}, {PolicySolaris, flow.TCPClosed},
		{PolicyHPUX11, flow.TCPClosed}, {PolicyFirst, flow.TCPEstablished}, {PolicyLast, flow.TCPEstablished},
	} {
		opt := DefaultOptions()
		opt.Policy = func(netip.Addr) Policy { return tt.policy }
		w := newWire(t, opt)
		w.open()
		w.send("c R 100 0")
		if got := w.f.Stream.State; got != tt.want {
			t.Errorf("policy %d: state %v, want %v", tt.policy, got, tt.want)
		}
	}
}
