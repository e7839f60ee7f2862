package packet

// Event is a decoder or stream event: an oddity of one packet that
// decode-event and stream-event rules match and anomaly records report.
type Event uint16
