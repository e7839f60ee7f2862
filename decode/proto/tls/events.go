package tls

import "weir/decode/proto"

// Indices into Protocol.Events; 0 stands for none.
const (
	evNone = iota
	evInvalidSSLv2
	evInvalidTLSHeader
	evInvalidRecordVersion
	evInvalidRecordType
	evInvalidRecordLength
	evInvalidHandshake
	evHeartbeat
	evInvalidHeartbeat
	evOverflowHeartbeat
	evDataleakHeartbeat
	evHandshakeLength
	evMultipleSNI
	evInvalidSNIType
	evInvalidSNILength
	evTooManyRecords
	evInvalidCertificate
	evErrorMessage
	evInvalidRecord
	evCertInvalidLength
	evCertInvalidVersion
	evCertInvalidSerial
	evCertInvalidAlgorithm
	evCertInvalidName
	evCertInvalidDate
	evCertInvalidExtensions
	evCertInvalidDER
	evCertInvalidSubject
	evCertInvalidIssuer
	evCertInvalidValidity
	evCertMissingElement
	evCertUnknownElement
	evCertInvalidString
)

var events = []proto.EventDef{
	evNone:                  {Name: "none", Doc: "Not an event."},
	evInvalidSSLv2:          {Name: "invalid_sslv2_header", EVE: "INVALID_SSLV2_HEADER", Doc: "An SSLv2 record has an impossible length or type."},
	evInvalidTLSHeader:      {Name: "invalid_tls_header", EVE: "INVALID_TLS_HEADER", Doc: "A record header cannot be read."},
	evInvalidRecordVersion:  {Name: "invalid_record_version", EVE: "INVALID_RECORD_VERSION", Doc: "The version of a record is not that of SSL or TLS."},
	evInvalidRecordType:     {Name: "invalid_record_type", EVE: "INVALID_RECORD_TYPE", Doc: "The type of a record is unknown."},
	evInvalidRecordLength:   {Name: "invalid_record_length", EVE: "INVALID_RECORD_LENGTH", Doc: "A record is longer than TLS allows."},
	evInvalidHandshake:      {Name: "invalid_handshake_message", EVE: "INVALID_HANDSHAKE_MESSAGE", Doc: "A handshake message is broken or out of place."},
	evHeartbeat:             {Name: "heartbeat_message", EVE: "HEARTBEAT_MESSAGE", Doc: "A heartbeat was seen."},
	evInvalidHeartbeat:      {Name: "invalid_heartbeat_message", EVE: "INVALID_HEARTBEAT_MESSAGE", Doc: "A heartbeat has an unknown type or no payload."},
	evOverflowHeartbeat:     {Name: "overflow_heartbeat_message", EVE: "OVERFLOW_HEARTBEAT_MESSAGE", Doc: "A heartbeat claims more payload than it has (CVE-2014-0160)."},
	evDataleakHeartbeat:     {Name: "dataleak_heartbeat_mismatch", EVE: "DATALEAK_HEARTBEAT_MISMATCH", Doc: "An encrypted heartbeat is answered with more than it held."},
	evHandshakeLength:       {Name: "handshake_invalid_length", EVE: "HANDSHAKE_INVALID_LENGTH", Doc: "A length inside a handshake message does not fit."},
	evMultipleSNI:           {Name: "multiple_sni_extensions", EVE: "MULTIPLE_SNI_EXTENSIONS", Doc: "A hello names the server more than once."},
	evInvalidSNIType:        {Name: "invalid_sni_type", EVE: "INVALID_SNI_TYPE", Doc: "The server name is of an unknown type."},
	evInvalidSNILength:      {Name: "invalid_sni_length", EVE: "INVALID_SNI_LENGTH", Doc: "The server name's length does not fit."},
	evTooManyRecords:        {Name: "too_many_records_in_packet", EVE: "TOO_MANY_RECORDS_IN_PACKET", Doc: "More records came at once than are looked at."},
	evInvalidCertificate:    {Name: "invalid_certificate", EVE: "INVALID_CERTIFICATE", Doc: "A certificate cannot be read."},
	evErrorMessage:          {Name: "error_message_encountered", EVE: "ERROR_MESSAGE_ENCOUNTERED", Doc: "An SSLv2 error message was seen."},
	evInvalidRecord:         {Name: "invalid_ssl_record", EVE: "INVALID_SSL_RECORD", Doc: "What was sent is no SSL at all."},
	evCertInvalidLength:     {Name: "certificate_invalid_length", EVE: "CERTIFICATE_INVALID_LENGTH", Doc: "A length in the certificate message does not fit."},
	evCertInvalidVersion:    {Name: "certificate_invalid_version", EVE: "CERTIFICATE_INVALID_VERSION", Doc: "The certificate's version cannot be read."},
	evCertInvalidSerial:     {Name: "certificate_invalid_serial", EVE: "CERTIFICATE_INVALID_SERIAL", Doc: "The certificate's serial number cannot be read."},
	evCertInvalidAlgorithm:  {Name: "certificate_invalid_algorithmidentifier", EVE: "CERTIFICATE_INVALID_ALGORITHMIDENTIFIER", Doc: "The certificate's algorithm cannot be read."},
	evCertInvalidName:       {Name: "certificate_invalid_x509name", EVE: "CERTIFICATE_INVALID_X509NAME", Doc: "A name in the certificate cannot be read."},
	evCertInvalidDate:       {Name: "certificate_invalid_date", EVE: "CERTIFICATE_INVALID_DATE", Doc: "A date in the certificate cannot be read."},
	evCertInvalidExtensions: {Name: "certificate_invalid_extensions", EVE: "CERTIFICATE_INVALID_EXTENSIONS", Doc: "The certificate's extensions cannot be read."},
	evCertInvalidDER:        {Name: "certificate_invalid_der", EVE: "CERTIFICATE_INVALID_DER", Doc: "The certificate is not DER."},
	evCertInvalidSubject:    {Name: "certificate_invalid_subject", EVE: "CERTIFICATE_INVALID_SUBJECT", Doc: "The certificate's subject cannot be read."},
	evCertInvalidIssuer:     {Name: "certificate_invalid_issuer", EVE: "CERTIFICATE_INVALID_ISSUER", Doc: "The certificate's issuer cannot be read."},
	evCertInvalidValidity:   {Name: "certificate_invalid_validity", EVE: "CERTIFICATE_INVALID_VALIDITY", Doc: "The certificate's validity cannot be read."},
	evCertMissingElement:    {Name: "certificate_missing_element", EVE: "CERTIFICATE_MISSING_ELEMENT", Doc: "The certificate lacks an element; known to rules of old."},
	evCertUnknownElement:    {Name: "certificate_unknown_element", EVE: "CERTIFICATE_UNKNOWN_ELEMENT", Doc: "The certificate has an unknown element; known to rules of old."},
	evCertInvalidString:     {Name: "certificate_invalid_string", EVE: "CERTIFICATE_INVALID_STRING", Doc: "A string in the certificate cannot be read; known to rules of old."},
}
