package ike

import "weir/decode/proto"

// Indices into Protocol.Events.
const (
	evMalformed = iota
	evWeakEnc
	evWeakPRF
	evWeakDH
	evWeakAuth
	evNoDH
	evNoAuth
	evNoEncryption
	evInvalidProposal
	evUnknownProposal
	evPayloadExtra
	evMultipleServer
)

var events = []proto.EventDef{
	evMalformed:       {Name: "malformed_data", Doc: "A message does not begin with a header of a known version."},
	evWeakEnc:         {Name: "weak_crypto_enc", Doc: "A proposal has a weak cipher."},
	evWeakPRF:         {Name: "weak_crypto_prf", Doc: "A proposal has a weak pseudo-random function."},
	evWeakDH:          {Name: "weak_crypto_dh", Doc: "A proposal has a weak group for the key exchange."},
	evWeakAuth:        {Name: "weak_crypto_auth", Doc: "A proposal has a weak function for integrity."},
	evNoDH:            {Name: "weak_crypto_no_dh", Alias: "weak_crypto_nodh", Doc: "A proposal has no group for the key exchange."},
	evNoAuth:          {Name: "weak_crypto_no_auth", Alias: "weak_crypto_noauth", Doc: "A proposal has no function for integrity, nor a cipher with one."},
	evNoEncryption:    {Name: "no_encryption", Doc: "A proposal is for the authentication header alone."},
	evInvalidProposal: {Name: "invalid_proposal", Doc: "A proposal has a reserved cipher."},
	evUnknownProposal: {Name: "unknown_proposal", Doc: "A proposal has a transform of an unknown kind."},
	evPayloadExtra:    {Name: "payload_extra_data", Doc: "Bytes are left behind the last payload."},
	evMultipleServer:  {Name: "multiple_server_proposal", Doc: "The server chose more than one transform."},
}
