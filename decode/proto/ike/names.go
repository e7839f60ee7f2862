package ike

import "fmt"

// Classes of attributes of version 1 (RFC 2409 appendix A).
const (
	classEnc          = 1
	classHash         = 2
	classAuth         = 3
	classDH           = 4
	classGroupType    = 5
	classLifeType     = 11
	classLifeDuration = 12
	classPRF          = 13
	classKeyLength    = 14
	classFieldSize    = 15
)

// classNames are the names of classes in rules and records.
var classNames = map[uint16]string{
	classEnc: "alg_enc", classHash: "alg_hash", classAuth: "alg_auth", classDH: "alg_dh", classGroupType: "sa_group_type",
	classLifeType: "sa_life_type", classLifeDuration: "sa_life_duration", classPRF: "alg_prf", classKeyLength: "sa_key_length",
	classFieldSize: "sa_field_size",
}

// className names a class of attributes of version 1.
func className(class uint16) string {
	if s, ok := classNames[class]; ok {
		return s
	}
	return "unknown"
}

// values1 are the names of values of version 1 by class (RFC 2409 appendix A and the
// registry for it).
var values1 = map[uint16][]string{
	classEnc: {1: "EncDesCbc", "EncIdeaCbc", "EncBlowfishCbc", "EncRc5R16B64Cbc", "EncTripleDesCbc", "EncCastCbc", "EncAesCbc",
		"EncCamelliaCbc"},
	classHash: {1: "HashMd5", "HashSha", "HashTiger", "HashSha2_256", "HashSha2_384", "HashSha2_512"},
	classAuth: {1: "AuthPreSharedKey", "AuthDssSignatures", "AuthRsaSignatures", "AuthEncryptionWithRsa",
		"AuthRevisedEncryptionWithRsa", "AuthReserved", "AuthReserved", "AuthReserved", "AuthEcdsaSha256", "AuthEcdsaSha384",
		"AuthEcdsaSha512"},
	classDH: {1: "GroupDefault768BitModp", "GroupAlternate1024BitModpGroup", "GroupEc2nOnGp2p155", "GroupEc2nOnGp2p185",
		"GroupModp1536Bit", "GroupEc2nOverGf2p163", "GroupEc2nOverGf2p163", "GroupEc2nOverGf2p283", "GroupEc2nOverGf2p283",
		"GroupEc2nOverGf2p409", "GroupEc2nOverGf2p409", "GroupEc2nOverGf2p571", "GroupEc2nOverGf2p571", "GroupModp2048Bit",
		"GroupModp3072Bit", "GroupModp4096Bit", "GroupModp6144Bit", "GroupModp8192Bit", "GroupRandomEcp256", "GroupRandomEcp384",
		"GroupRandomEcp521", "GroupModp1024With160BitPrime", "GroupModp2048With224BitPrime", "GroupModp2048With256BitPrime",
		"GroupRandomEcp192", "GroupRandomEcp224", "GroupBrainpoolEcp224", "GroupBrainpoolEcp256", "GroupBrainpoolEcp384",
		"GroupBrainpoolEcp512"},
	classLifeType: {1: "LifeTypeSeconds", "LifeTypeKilobytes"},
}

// valueName names a value of an attribute of version 1.
func valueName(a attribute) string {
	if s := nameAt(values1[a.class], a.value); s != "" {
		return s
	}
	return "Unknown"
}

// nameAt returns a name of a list, empty if there is none.
func nameAt(list []string, i uint64) string {
	if i < uint64(len(list)) {
		return list[i]
	}
	return ""
}

// payloads1 are the names of payloads of version 1; those without are not shown.
var payloads1 = []string{sa1: "SecurityAssociation", "Proposal", "Transform", "KeyExchange", "Identification", "Certificate",
	"CertificateRequest", "Hash", "Signature", "Nonce", "Notification", "Delete", "VendorID", "", "SaKekPayload", "SaTekPayload",
	"KeyDownload", "SequenceNumber", "ProofOfPossession", "NatDiscovery", "NatOriginalAddress", "GroupAssociatedPolicy"}

// payloads2 are the names of payloads of version 2.
var payloads2 = []string{0: "NoNextPayload", sa2: "SecurityAssociation", "KeyExchange", "IdentInitiator", "IdentResponder",
	"Certificate", "CertificateRequest", "Authentication", "Nonce", "Notify", "Delete", "VendorID", "TrafficSelectorInitiator",
	"TrafficSelectorResponder", "EncryptedAndAuthenticated", "Configuration", "ExtensibleAuthentication"}

// Kinds of transforms of version 2 (RFC 7296 section 3.3.2).
const (
	kindEnc  = 1
	kindPRF  = 2
	kindAuth = 3
	kindDH   = 4
	kindESN  = 5
)

// kinds2 are the kinds of transforms in the order of records: their key, the name of
// values without one, the value if none was chosen, and the names of values (registry
// of RFC 7296).
var kinds2 = [...]struct {
	kind         uint16
	key, unnamed string
	none         uint64
	names        []string
}{
	{kindEnc, "alg_enc", "IkeTransformEncType", 11, []string{1: "ENCR_DES_IV64", "ENCR_DES", "ENCR_3DES", "ENCR_RC5", "ENCR_IDEA",
		"ENCR_CAST", "ENCR_BLOWFISH", "ENCR_3IDEA", "ENCR_DES_IV32", 11: "ENCR_NULL", "ENCR_AES_CBC", "ENCR_AES_CTR",
		"ENCR_AES_CCM_8", "ENCR_AES_CCM_12", "ENCR_AES_CCM_16", 18: "ENCR_AES_GCM_8", "ENCR_AES_GCM_12", "ENCR_AES_GCM_16",
		"ENCR_NULL_AUTH_AES_GMAC", 23: "ENCR_CAMELLIA_CBC", "ENCR_CAMELLIA_CTR", "ENCR_CAMELLIA_CCM_8", "ENCR_CAMELLIA_CCM_12",
		"ENCR_CAMELLIA_CCM_16", "ENCR_CHACHA20_POLY1305"}},
	{kindAuth, "alg_auth", "IkeTransformAuthType", 0, []string{"NONE", "AUTH_HMAC_MD5_96", "AUTH_HMAC_SHA1_96", "AUTH_DES_MAC",
		"AUTH_KPDK_MD5", "AUTH_AES_XCBC_96", "AUTH_HMAC_MD5_128", "AUTH_HMAC_SHA1_160", "AUTH_AES_CMAC_96", "AUTH_AES_128_GMAC",
		"AUTH_AES_192_GMAC", "AUTH_AES_256_GMAC", "AUTH_HMAC_SHA2_256_128", "AUTH_HMAC_SHA2_384_192", "AUTH_HMAC_SHA2_512_256"}},
	{kindPRF, "alg_prf", "IkeTransformPRFType", 0, []string{"PRF_NULL", "PRF_HMAC_MD5", "PRF_HMAC_SHA1", "PRF_HMAC_TIGER",
		"PRF_AES128_XCBC", "PRF_HMAC_SHA2_256", "PRF_HMAC_SHA2_384", "PRF_HMAC_SHA2_512", "PRF_AES128_CMAC"}},
	{kindDH, "alg_dh", "IkeTransformDHType", 0, []string{"None", "Modp768", "Modp1024", 5: "Modp1536", 14: "Modp2048", "Modp3072",
		"Modp4096", "Modp6144", "Modp8192", "Ecp256", "Ecp384", "Ecp521", "Modp1024s160", "Modp2048s224", "Modp2048s256", "Ecp192",
		"Ecp224", "BrainpoolP224r1", "BrainpoolP256r1", "BrainpoolP384r1", "BrainpoolP512r1", "Curve25519", "Curve448"}},
	{kindESN, "alg_esn", "IkeTransformESNType", 0, []string{"NoESN", "ESN"}},
}

// numbered names a value without a name of its own.
func numbered(kind string, n uint64) string { return fmt.Sprintf("%s(%d / %#x)", kind, n, n) }

// judge returns the event that a transform of version 2 is worth.
func judge(kind uint8, id uint16) (ev uint8, bad bool) {
	switch kind {
	case kindEnc:
		if id == 0 {
			return evInvalidProposal, true
		}
		return evWeakEnc, id <= 9 || id == 11
	case kindPRF:
		return evWeakPRF, id == 1 || id == 2
	case kindAuth:
		return evWeakAuth, id >= 1 && id <= 7
	case kindDH:
		return evWeakDH, id == 1 || id == 2 || id == 5 || id == 22
	case kindESN:
		return 0, false
	}
	return evUnknownProposal, true
}

// combined reports whether a cipher brings integrity with it (RFC 5282, 7634).
func combined(id uint16) bool {
	return id >= 14 && id <= 16 || id >= 18 && id <= 20 || id >= 25 && id <= 28
}

// notifications are the names of notifications (RFC 7296 section 3.10.1 and the
// registry for it).
var notifications = map[uint16]string{
	1: "UNSUPPORTED_CRITICAL_PAYLOAD", 4: "INVALID_IKE_SPI", 5: "INVALID_MAJOR_VERSION", 7: "INVALID_SYNTAX", 9: "INVALID_MESSAGE_ID",
	11: "INVALID_SPI", 14: "NO_PROPOSAL_CHOSEN", 17: "INVALID_KE_PAYLOAD", 24: "AUTHENTICATION_FAILED", 34: "SINGLE_PAIR_REQUIRED",
	35: "NO_ADDITIONAL_SAS", 36: "INTERNAL_ADDRESS_FAILURE", 37: "FAILED_CP_REQUIRED", 38: "TS_UNACCEPTABLE", 39: "INVALID_SELECTORS",
	43: "TEMPORARY_FAILURE", 44: "CHILD_SA_NOT_FOUND", 16384: "INITIAL_CONTACT", 16385: "SET_WINDOW_SIZE",
	16386: "ADDITIONAL_TS_POSSIBLE", 16387: "IPCOMP_SUPPORTED", 16388: "NAT_DETECTION_SOURCE_IP",
	16389: "NAT_DETECTION_DESTINATION_IP", 16390: "COOKIE", 16391: "USE_TRANSPORT_MODE", 16392: "HTTP_CERT_LOOKUP_SUPPORTED",
	16393: "REKEY_SA", 16394: "ESP_TFC_PADDING_NOT_SUPPORTED", 16395: "NON_FIRST_FRAGMENTS_ALSO", 16404: "MULTIPLE_AUTH_SUPPORTED",
	16405: "ANOTHER_AUTH_FOLLOWS", 16406: "REDIRECT_SUPPORTED", 16430: "IKEV2_FRAGMENTATION_SUPPORTED",
	16431: "SIGNATURE_HASH_ALGORITHMS",
}
