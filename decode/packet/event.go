package packet

import "strings"

// Event is a decoder or stream event: an oddity of one packet that
// decode-event and stream-event rules match and anomaly records report. The
// names are Suricata's.
type Event uint16

// Decoder events.
const (
	evNone Event = iota
	EvAFPacketTruncPkt
	EvIPv4PktTooSmall
	EvIPv4HLenTooSmall
	EvIPv4IPLenSmallerThanHLen
	EvIPv4TruncPkt
	EvIPv4OptInvalid
	EvIPv4OptInvalidLen
	EvIPv4OptMalformed
	EvIPv4OptPadRequired
	EvIPv4OptEOLRequired
	EvIPv4OptDuplicate
	EvIPv4OptUnknown
	EvIPv4WrongIPVersion
	EvIPv4ICMPv6
	EvIPv4FragPktTooLarge
	EvIPv4FragOverlap
	EvIPv4FragIgnored
	EvICMPv4PktTooSmall
	EvICMPv4UnknownType
	EvICMPv4UnknownCode
	EvICMPv4IPv4TruncPkt
	EvICMPv4IPv4UnknownVer
	EvICMPv6UnknownType
	EvICMPv6UnknownCode
	EvICMPv6PktTooSmall
	EvICMPv6IPv6UnknownVersion
	EvICMPv6IPv6TruncPkt
	EvICMPv6MLDMessageWithInvalidHL
	EvICMPv6UnassignedType
	EvICMPv6ExperimentationType
	EvIPv6PktTooSmall
	EvIPv6TruncPkt
	EvIPv6TruncExtHdr
	EvIPv6ExtHdrDuplFH
	EvIPv6ExtHdrUselessFH
	EvIPv6ExtHdrDuplRH
	EvIPv6ExtHdrDuplHH
	EvIPv6ExtHdrDuplDH
	EvIPv6ExtHdrDuplAH
	EvIPv6ExtHdrDuplEH
	EvIPv6ExtHdrInvalidOptlen
	EvIPv6WrongIPVersion
	EvIPv6ExtHdrAHResNotNull
	EvIPv6HopoptsUnknownOpt
	EvIPv6HopoptsOnlyPadding
	EvIPv6DstoptsUnknownOpt
	EvIPv6DstoptsOnlyPadding
	EvIPv6RHType0
	EvIPv6ZeroLenPadn
	EvIPv6FHNonZeroReservedField
	EvIPv6DataAfterNoneHeader
	EvIPv6UnknownNextHeader
	EvIPv6ICMPv4
	EvIPv6FragPktTooLarge
	EvIPv6FragOverlap
	EvIPv6FragInvalidLength
	EvIPv6FragIgnored
	EvIPv6IPv4InIPv6TooSmall
	EvIPv6IPv4InIPv6WrongVersion
	EvIPv6IPv6InIPv6TooSmall
	EvIPv6IPv6InIPv6WrongVersion
	EvTCPPktTooSmall
	EvTCPHLenTooSmall
	EvTCPInvalidOptlen
	EvTCPOptInvalidLen
	EvTCPOptDuplicate
	EvUDPPktTooSmall
	EvUDPHLenTooSmall
	EvUDPHLenInvalid
	EvUDPLenInvalid
	EvSLLPktTooSmall
	EvEthernetPktTooSmall
	EvEthernetUnknownEthertype
	EvPPPPktTooSmall
	EvPPPVJUPktTooSmall
	EvPPPIP4PktTooSmall
	EvPPPIP6PktTooSmall
	EvPPPWrongType
	EvPPPUnsupProto
	EvPPPoEPktTooSmall
	EvPPPoEWrongCode
	EvPPPoEMalformedTags
	EvGREPktTooSmall
	EvGREWrongVersion
	EvGREVersion0Recur
	EvGREVersion0Flags
	EvGREVersion0HdrTooBig
	EvGREVersion0MalformedSREHdr
	EvGREVersion1Chksum
	EvGREVersion1Route
	EvGREVersion1Ssr
	EvGREVersion1Recur
	EvGREVersion1Flags
	EvGREVersion1NoKey
	EvGREVersion1WrongProtocol
	EvGREVersion1MalformedSREHdr
	EvGREVersion1HdrTooBig
	EvVLANHeaderTooSmall
	EvVLANUnknownType
	EvVLANTooManyLayers
	EvIEEE8021AHHeaderTooSmall
	EvVNTagHeaderTooSmall
	EvVNTagUnknownType
	EvIPRawInvalidIPVersion
	EvNullPktTooSmall
	EvNullUnsupportedType
	EvSCTPPktTooSmall
	EvSCTPChunkTooSmall
	EvSCTPChunkLenInvalid
	EvSCTPInitChunkBundled
	EvSCTPInitWithNonZeroVTag
	EvSCTPDataWithZeroVTag
	EvSCTPTooManyChunks
	EvSCTPTooManyDataChunks
	EvESPPktTooSmall
	EvMPLSHeaderTooSmall
	EvMPLSPktTooSmall
	EvMPLSBadLabelRouterAlert
	EvMPLSBadLabelImplicitNull
	EvMPLSBadLabelReserved
	EvMPLSUnknownPayloadType
	EvVXLANUnknownPayloadType
	EvGENEVEUnknownPayloadType
	EvERSPANHeaderTooSmall
	EvERSPANUnsupportedVersion
	EvERSPANTooManyVLANLayers
	EvDCEPktTooSmall
	EvCHDLCPktTooSmall
	EvNSHHeaderTooSmall
	EvNSHUnsupportedVersion
	EvNSHBadHeaderLength
	EvNSHReservedType
	EvNSHUnsupportedType
	EvNSHUnknownPayload
	EvTooManyLayers
	EvARPPktTooSmall
	EvARPUnsupportedHardware
	EvARPUnsupportedProtocol
	EvARPUnsupportedPkt
	EvARPInvalidHardwareSize
	EvARPInvalidProtocolSize
	EvARPUnsupportedOpcode
	EvETagHeaderTooSmall
	EvETagUnknownType
	EvSLL2PktTooSmall
	EvIGMPPktTooSmall
	EvNFLOGPktTooSmall
	lastDecoder = iota - 1
)

// Stream events.
const (
	EvStream3whsAckDataInject Event = lastDecoder + 1 + iota
	EvStream3whsAckInWrongDir
	EvStream3whsAsyncWrongSeq
	EvStream3whsRightSeqWrongAckEvasion
	EvStream3whsSynFlood
	EvStream3whsSynResendDiffSeqOnSynRecv
	EvStream3whsSynToclientOnSynRecv
	EvStream3whsSynAckFlood
	EvStream3whsSynAckInWrongDirection
	EvStream3whsSynAckResendWithDiffSeq
	EvStream3whsSynAckResendWithDifferentAck
	EvStream3whsSynAckTFODataIgnored
	EvStream3whsSynAckToserverOnSynRecv
	EvStream3whsSynAckWithWrongAck
	EvStream3whsWrongSeqWrongAck
	EvStream4whsInvalidAck
	EvStream4whsSynAckWithWrongAck
	EvStream4whsSynAckWithWrongSyn
	EvStream4whsWrongSeq
	EvStreamClosewaitAckOutOfWindow
	EvStreamClosewaitFinOutOfWindow
	EvStreamClosewaitInvalidAck
	EvStreamClosewaitPktBeforeLastAck
	EvStreamClosingAckWrongSeq
	EvStreamClosingInvalidAck
	EvStreamEstInvalidAck
	EvStreamEstPacketOutOfWindow
	EvStreamEstPktBeforeLastAck
	EvStreamEstSynResend
	EvStreamEstSynResendDiffSeq
	EvStreamEstSynToclient
	EvStreamEstSynAckResend
	EvStreamEstSynAckResendWithDiffSeq
	EvStreamEstSynAckResendWithDifferentAck
	EvStreamEstSynAckToserver
	EvStreamFin1AckWrongSeq
	EvStreamFin1FinWrongSeq
	EvStreamFin1InvalidAck
	EvStreamFin2AckWrongSeq
	EvStreamFin2FinWrongSeq
	EvStreamFin2InvalidAck
	EvStreamFinButNoSession
	EvStreamFinInvalidAck
	EvStreamFinOutOfWindow
	EvStreamFinSyn
	EvStreamLastackAckWrongSeq
	EvStreamLastackInvalidAck
	EvStreamPktBadWindowUpdate
	EvStreamPktBrokenAck
	EvStreamPktDupAck
	EvStreamPktInvalidAck
	EvStreamPktInvalidTimestamp
	EvStreamPktRetransmission
	EvStreamPktSpuriousRetransmission
	EvStreamReassemblyDepthReached
	EvStreamReassemblyInsertInvalid
	EvStreamReassemblyInsertLimit
	EvStreamReassemblyInsertMemcap
	EvStreamReassemblyNoSegment
	EvStreamReassemblyOverlapDifferentData
	EvStreamReassemblySegmentBeforeBaseSeq
	EvStreamReassemblySeqGap
	EvStreamReassemblyUrgentOOBLimitReached
	EvStreamRstButNoSession
	EvStreamRstInvalidAck
	EvStreamRstWithData
	EvStreamShutdownSynResend
	EvStreamSuspectedRstInject
	EvStreamTimewaitAckWrongSeq
	EvStreamTimewaitInvalidAck
	EvStreamWrongThread
	lastEvent = lastDecoder + iota
)

// NumEvents is one more than the largest Event: the size of a table by event.
const NumEvents = lastEvent + 1

// eventNames are the names of rules, without "decoder." or "stream.".
var eventNames = [NumEvents]string{
	EvAFPacketTruncPkt:                       "afpacket.trunc_pkt",
	EvIPv4PktTooSmall:                        "ipv4.pkt_too_small",
	EvIPv4HLenTooSmall:                       "ipv4.hlen_too_small",
	EvIPv4IPLenSmallerThanHLen:               "ipv4.iplen_smaller_than_hlen",
	EvIPv4TruncPkt:                           "ipv4.trunc_pkt",
	EvIPv4OptInvalid:                         "ipv4.opt_invalid",
	EvIPv4OptInvalidLen:                      "ipv4.opt_invalid_len",
	EvIPv4OptMalformed:                       "ipv4.opt_malformed",
	EvIPv4OptPadRequired:                     "ipv4.opt_pad_required",
	EvIPv4OptEOLRequired:                     "ipv4.opt_eol_required",
	EvIPv4OptDuplicate:                       "ipv4.opt_duplicate",
	EvIPv4OptUnknown:                         "ipv4.opt_unknown",
	EvIPv4WrongIPVersion:                     "ipv4.wrong_ip_version",
	EvIPv4ICMPv6:                             "ipv4.icmpv6",
	EvIPv4FragPktTooLarge:                    "ipv4.frag_pkt_too_large",
	EvIPv4FragOverlap:                        "ipv4.frag_overlap",
	EvIPv4FragIgnored:                        "ipv4.frag_ignored",
	EvICMPv4PktTooSmall:                      "icmpv4.pkt_too_small",
	EvICMPv4UnknownType:                      "icmpv4.unknown_type",
	EvICMPv4UnknownCode:                      "icmpv4.unknown_code",
	EvICMPv4IPv4TruncPkt:                     "icmpv4.ipv4_trunc_pkt",
	EvICMPv4IPv4UnknownVer:                   "icmpv4.ipv4_unknown_ver",
	EvICMPv6UnknownType:                      "icmpv6.unknown_type",
	EvICMPv6UnknownCode:                      "icmpv6.unknown_code",
	EvICMPv6PktTooSmall:                      "icmpv6.pkt_too_small",
	EvICMPv6IPv6UnknownVersion:               "icmpv6.ipv6_unknown_version",
	EvICMPv6IPv6TruncPkt:                     "icmpv6.ipv6_trunc_pkt",
	EvICMPv6MLDMessageWithInvalidHL:          "icmpv6.mld_message_with_invalid_hl",
	EvICMPv6UnassignedType:                   "icmpv6.unassigned_type",
	EvICMPv6ExperimentationType:              "icmpv6.experimentation_type",
	EvIPv6PktTooSmall:                        "ipv6.pkt_too_small",
	EvIPv6TruncPkt:                           "ipv6.trunc_pkt",
	EvIPv6TruncExtHdr:                        "ipv6.trunc_exthdr",
	EvIPv6ExtHdrDuplFH:                       "ipv6.exthdr_dupl_fh",
	EvIPv6ExtHdrUselessFH:                    "ipv6.exthdr_useless_fh",
	EvIPv6ExtHdrDuplRH:                       "ipv6.exthdr_dupl_rh",
	EvIPv6ExtHdrDuplHH:                       "ipv6.exthdr_dupl_hh",
	EvIPv6ExtHdrDuplDH:                       "ipv6.exthdr_dupl_dh",
	EvIPv6ExtHdrDuplAH:                       "ipv6.exthdr_dupl_ah",
	EvIPv6ExtHdrDuplEH:                       "ipv6.exthdr_dupl_eh",
	EvIPv6ExtHdrInvalidOptlen:                "ipv6.exthdr_invalid_optlen",
	EvIPv6WrongIPVersion:                     "ipv6.wrong_ip_version",
	EvIPv6ExtHdrAHResNotNull:                 "ipv6.exthdr_ah_res_not_null",
	EvIPv6HopoptsUnknownOpt:                  "ipv6.hopopts_unknown_opt",
	EvIPv6HopoptsOnlyPadding:                 "ipv6.hopopts_only_padding",
	EvIPv6DstoptsUnknownOpt:                  "ipv6.dstopts_unknown_opt",
	EvIPv6DstoptsOnlyPadding:                 "ipv6.dstopts_only_padding",
	EvIPv6RHType0:                            "ipv6.rh_type_0",
	EvIPv6ZeroLenPadn:                        "ipv6.zero_len_padn",
	EvIPv6FHNonZeroReservedField:             "ipv6.fh_non_zero_reserved_field",
	EvIPv6DataAfterNoneHeader:                "ipv6.data_after_none_header",
	EvIPv6UnknownNextHeader:                  "ipv6.unknown_next_header",
	EvIPv6ICMPv4:                             "ipv6.icmpv4",
	EvIPv6FragPktTooLarge:                    "ipv6.frag_pkt_too_large",
	EvIPv6FragOverlap:                        "ipv6.frag_overlap",
	EvIPv6FragInvalidLength:                  "ipv6.frag_invalid_length",
	EvIPv6FragIgnored:                        "ipv6.frag_ignored",
	EvIPv6IPv4InIPv6TooSmall:                 "ipv6.ipv4_in_ipv6_too_small",
	EvIPv6IPv4InIPv6WrongVersion:             "ipv6.ipv4_in_ipv6_wrong_version",
	EvIPv6IPv6InIPv6TooSmall:                 "ipv6.ipv6_in_ipv6_too_small",
	EvIPv6IPv6InIPv6WrongVersion:             "ipv6.ipv6_in_ipv6_wrong_version",
	EvTCPPktTooSmall:                         "tcp.pkt_too_small",
	EvTCPHLenTooSmall:                        "tcp.hlen_too_small",
	EvTCPInvalidOptlen:                       "tcp.invalid_optlen",
	EvTCPOptInvalidLen:                       "tcp.opt_invalid_len",
	EvTCPOptDuplicate:                        "tcp.opt_duplicate",
	EvUDPPktTooSmall:                         "udp.pkt_too_small",
	EvUDPHLenTooSmall:                        "udp.hlen_too_small",
	EvUDPHLenInvalid:                         "udp.hlen_invalid",
	EvUDPLenInvalid:                          "udp.len_invalid",
	EvSLLPktTooSmall:                         "sll.pkt_too_small",
	EvEthernetPktTooSmall:                    "ethernet.pkt_too_small",
	EvEthernetUnknownEthertype:               "ethernet.unknown_ethertype",
	EvPPPPktTooSmall:                         "ppp.pkt_too_small",
	EvPPPVJUPktTooSmall:                      "ppp.vju_pkt_too_small",
	EvPPPIP4PktTooSmall:                      "ppp.ip4_pkt_too_small",
	EvPPPIP6PktTooSmall:                      "ppp.ip6_pkt_too_small",
	EvPPPWrongType:                           "ppp.wrong_type",
	EvPPPUnsupProto:                          "ppp.unsup_proto",
	EvPPPoEPktTooSmall:                       "pppoe.pkt_too_small",
	EvPPPoEWrongCode:                         "pppoe.wrong_code",
	EvPPPoEMalformedTags:                     "pppoe.malformed_tags",
	EvGREPktTooSmall:                         "gre.pkt_too_small",
	EvGREWrongVersion:                        "gre.wrong_version",
	EvGREVersion0Recur:                       "gre.version0_recur",
	EvGREVersion0Flags:                       "gre.version0_flags",
	EvGREVersion0HdrTooBig:                   "gre.version0_hdr_too_big",
	EvGREVersion0MalformedSREHdr:             "gre.version0_malformed_sre_hdr",
	EvGREVersion1Chksum:                      "gre.version1_chksum",
	EvGREVersion1Route:                       "gre.version1_route",
	EvGREVersion1Ssr:                         "gre.version1_ssr",
	EvGREVersion1Recur:                       "gre.version1_recur",
	EvGREVersion1Flags:                       "gre.version1_flags",
	EvGREVersion1NoKey:                       "gre.version1_no_key",
	EvGREVersion1WrongProtocol:               "gre.version1_wrong_protocol",
	EvGREVersion1MalformedSREHdr:             "gre.version1_malformed_sre_hdr",
	EvGREVersion1HdrTooBig:                   "gre.version1_hdr_too_big",
	EvVLANHeaderTooSmall:                     "vlan.header_too_small",
	EvVLANUnknownType:                        "vlan.unknown_type",
	EvVLANTooManyLayers:                      "vlan.too_many_layers",
	EvIEEE8021AHHeaderTooSmall:               "ieee8021ah.header_too_small",
	EvVNTagHeaderTooSmall:                    "vntag.header_too_small",
	EvVNTagUnknownType:                       "vntag.unknown_type",
	EvIPRawInvalidIPVersion:                  "ipraw.invalid_ip_version",
	EvNullPktTooSmall:                        "ltnull.pkt_too_small",
	EvNullUnsupportedType:                    "ltnull.unsupported_type",
	EvSCTPPktTooSmall:                        "sctp.pkt_too_small",
	EvSCTPChunkTooSmall:                      "sctp.chunk_too_small",
	EvSCTPChunkLenInvalid:                    "sctp.chunk_len_invalid",
	EvSCTPInitChunkBundled:                   "sctp.init_chunk_bundled",
	EvSCTPInitWithNonZeroVTag:                "sctp.init_with_non_zero_vtag",
	EvSCTPDataWithZeroVTag:                   "sctp.data_with_zero_vtag",
	EvSCTPTooManyChunks:                      "sctp.too_many_chunks",
	EvSCTPTooManyDataChunks:                  "sctp.too_many_data_chunks",
	EvESPPktTooSmall:                         "esp.pkt_too_small",
	EvMPLSHeaderTooSmall:                     "mpls.header_too_small",
	EvMPLSPktTooSmall:                        "mpls.pkt_too_small",
	EvMPLSBadLabelRouterAlert:                "mpls.bad_label_router_alert",
	EvMPLSBadLabelImplicitNull:               "mpls.bad_label_implicit_null",
	EvMPLSBadLabelReserved:                   "mpls.bad_label_reserved",
	EvMPLSUnknownPayloadType:                 "mpls.unknown_payload_type",
	EvVXLANUnknownPayloadType:                "vxlan.unknown_payload_type",
	EvGENEVEUnknownPayloadType:               "geneve.unknown_payload_type",
	EvERSPANHeaderTooSmall:                   "erspan.header_too_small",
	EvERSPANUnsupportedVersion:               "erspan.unsupported_version",
	EvERSPANTooManyVLANLayers:                "erspan.too_many_vlan_layers",
	EvDCEPktTooSmall:                         "dce.pkt_too_small",
	EvCHDLCPktTooSmall:                       "chdlc.pkt_too_small",
	EvNSHHeaderTooSmall:                      "nsh.header_too_small",
	EvNSHUnsupportedVersion:                  "nsh.unsupported_version",
	EvNSHBadHeaderLength:                     "nsh.bad_header_length",
	EvNSHReservedType:                        "nsh.reserved_type",
	EvNSHUnsupportedType:                     "nsh.unsupported_type",
	EvNSHUnknownPayload:                      "nsh.unknown_payload",
	EvTooManyLayers:                          "too_many_layers",
	EvARPPktTooSmall:                         "arp.pkt_too_small",
	EvARPUnsupportedHardware:                 "arp.unsupported_hardware",
	EvARPUnsupportedProtocol:                 "arp.unsupported_protocol",
	EvARPUnsupportedPkt:                      "arp.unsupported_pkt",
	EvARPInvalidHardwareSize:                 "arp.invalid_hardware_size",
	EvARPInvalidProtocolSize:                 "arp.invalid_protocol_size",
	EvARPUnsupportedOpcode:                   "arp.unsupported_opcode",
	EvETagHeaderTooSmall:                     "etag.header_too_small",
	EvETagUnknownType:                        "etag.unknown_type",
	EvSLL2PktTooSmall:                        "sll2.pkt_too_small",
	EvIGMPPktTooSmall:                        "igmp.pkt_too_small",
	EvNFLOGPktTooSmall:                       "nflog.pkt_too_small",
	EvStream3whsAckDataInject:                "3whs_ack_data_inject",
	EvStream3whsAckInWrongDir:                "3whs_ack_in_wrong_dir",
	EvStream3whsAsyncWrongSeq:                "3whs_async_wrong_seq",
	EvStream3whsRightSeqWrongAckEvasion:      "3whs_right_seq_wrong_ack_evasion",
	EvStream3whsSynFlood:                     "3whs_syn_flood",
	EvStream3whsSynResendDiffSeqOnSynRecv:    "3whs_syn_resend_diff_seq_on_syn_recv",
	EvStream3whsSynToclientOnSynRecv:         "3whs_syn_toclient_on_syn_recv",
	EvStream3whsSynAckFlood:                  "3whs_synack_flood",
	EvStream3whsSynAckInWrongDirection:       "3whs_synack_in_wrong_direction",
	EvStream3whsSynAckResendWithDiffSeq:      "3whs_synack_resend_with_diff_seq",
	EvStream3whsSynAckResendWithDifferentAck: "3whs_synack_resend_with_different_ack",
	EvStream3whsSynAckTFODataIgnored:         "3whs_synack_tfo_data_ignored",
	EvStream3whsSynAckToserverOnSynRecv:      "3whs_synack_toserver_on_syn_recv",
	EvStream3whsSynAckWithWrongAck:           "3whs_synack_with_wrong_ack",
	EvStream3whsWrongSeqWrongAck:             "3whs_wrong_seq_wrong_ack",
	EvStream4whsInvalidAck:                   "4whs_invalid_ack",
	EvStream4whsSynAckWithWrongAck:           "4whs_synack_with_wrong_ack",
	EvStream4whsSynAckWithWrongSyn:           "4whs_synack_with_wrong_syn",
	EvStream4whsWrongSeq:                     "4whs_wrong_seq",
	EvStreamClosewaitAckOutOfWindow:          "closewait_ack_out_of_window",
	EvStreamClosewaitFinOutOfWindow:          "closewait_fin_out_of_window",
	EvStreamClosewaitInvalidAck:              "closewait_invalid_ack",
	EvStreamClosewaitPktBeforeLastAck:        "closewait_pkt_before_last_ack",
	EvStreamClosingAckWrongSeq:               "closing_ack_wrong_seq",
	EvStreamClosingInvalidAck:                "closing_invalid_ack",
	EvStreamEstInvalidAck:                    "est_invalid_ack",
	EvStreamEstPacketOutOfWindow:             "est_packet_out_of_window",
	EvStreamEstPktBeforeLastAck:              "est_pkt_before_last_ack",
	EvStreamEstSynResend:                     "est_syn_resend",
	EvStreamEstSynResendDiffSeq:              "est_syn_resend_diff_seq",
	EvStreamEstSynToclient:                   "est_syn_toclient",
	EvStreamEstSynAckResend:                  "est_synack_resend",
	EvStreamEstSynAckResendWithDiffSeq:       "est_synack_resend_with_diff_seq",
	EvStreamEstSynAckResendWithDifferentAck:  "est_synack_resend_with_different_ack",
	EvStreamEstSynAckToserver:                "est_synack_toserver",
	EvStreamFin1AckWrongSeq:                  "fin1_ack_wrong_seq",
	EvStreamFin1FinWrongSeq:                  "fin1_fin_wrong_seq",
	EvStreamFin1InvalidAck:                   "fin1_invalid_ack",
	EvStreamFin2AckWrongSeq:                  "fin2_ack_wrong_seq",
	EvStreamFin2FinWrongSeq:                  "fin2_fin_wrong_seq",
	EvStreamFin2InvalidAck:                   "fin2_invalid_ack",
	EvStreamFinButNoSession:                  "fin_but_no_session",
	EvStreamFinInvalidAck:                    "fin_invalid_ack",
	EvStreamFinOutOfWindow:                   "fin_out_of_window",
	EvStreamFinSyn:                           "fin_syn",
	EvStreamLastackAckWrongSeq:               "lastack_ack_wrong_seq",
	EvStreamLastackInvalidAck:                "lastack_invalid_ack",
	EvStreamPktBadWindowUpdate:               "pkt_bad_window_update",
	EvStreamPktBrokenAck:                     "pkt_broken_ack",
	EvStreamPktDupAck:                        "pkt_dup_ack",
	EvStreamPktInvalidAck:                    "pkt_invalid_ack",
	EvStreamPktInvalidTimestamp:              "pkt_invalid_timestamp",
	EvStreamPktRetransmission:                "pkt_retransmission",
	EvStreamPktSpuriousRetransmission:        "pkt_spurious_retransmission",
	EvStreamReassemblyDepthReached:           "reassembly_depth_reached",
	EvStreamReassemblyInsertInvalid:          "reassembly_insert_invalid",
	EvStreamReassemblyInsertLimit:            "reassembly_insert_limit",
	EvStreamReassemblyInsertMemcap:           "reassembly_insert_memcap",
	EvStreamReassemblyNoSegment:              "reassembly_no_segment",
	EvStreamReassemblyOverlapDifferentData:   "reassembly_overlap_different_data",
	EvStreamReassemblySegmentBeforeBaseSeq:   "reassembly_segment_before_base_seq",
	EvStreamReassemblySeqGap:                 "reassembly_seq_gap",
	EvStreamReassemblyUrgentOOBLimitReached:  "reassembly_urgent_oob_limit_reached",
	EvStreamRstButNoSession:                  "rst_but_no_session",
	EvStreamRstInvalidAck:                    "rst_invalid_ack",
	EvStreamRstWithData:                      "rst_with_data",
	EvStreamShutdownSynResend:                "shutdown_syn_resend",
	EvStreamSuspectedRstInject:               "suspected_rst_inject",
	EvStreamTimewaitAckWrongSeq:              "timewait_ack_wrong_seq",
	EvStreamTimewaitInvalidAck:               "timewait_invalid_ack",
	EvStreamWrongThread:                      "wrong_thread",
}

// recordNames are the names of records.
var recordNames = func() (t [NumEvents]string) {
	for e, n := range eventNames {
		if Event(e).IsDecoder() {
			t[e] = "decoder." + n
		} else {
			t[e] = "stream." + n
		}
	}
	// Two of them are spelled in full in rules only.
	t[EvStream3whsSynAckResendWithDifferentAck] = "stream.3whs_synack_resend_with_diff_ack"
	t[EvStreamEstSynAckResendWithDifferentAck] = "stream.est_synack_resend_with_diff_ack"
	return t
}()

// IsDecoder reports whether e is a decoder event; others are stream events.
func (e Event) IsDecoder() bool { return e <= lastDecoder }

// Name returns the name as records spell it: decoder.ipv4.trunc_pkt.
func (e Event) Name() string { return recordNames[e] }

// RuleName returns the name as decode-event and stream-event spell it:
// ipv4.trunc_pkt.
func (e Event) RuleName() string { return eventNames[e] }

// DecoderEvent returns the decoder event of a rule's name.
func DecoderEvent(name string) (Event, bool) { return byName(name, true) }

// StreamEvent returns the stream event of a rule's name.
func StreamEvent(name string) (Event, bool) { return byName(name, false) }

func byName(name string, decoder bool) (Event, bool) {
	for e := Event(1); e < NumEvents; e++ {
		if eventNames[e] == name && e.IsDecoder() == decoder {
			return e, true
		}
	}
	return 0, false
}

// EventGroup splits a decoder event's name at its first dot: "ipv4" and
// "trunc_pkt". Names without a dot have no group.
func EventGroup(e Event) (group, name string) {
	g, n, ok := strings.Cut(eventNames[e], ".")
	if !ok {
		return "", g
	}
	return g, n
}
