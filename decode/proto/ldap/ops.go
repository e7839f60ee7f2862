package ldap

import "weir/decode/field"

// Operations: the numbers of their application tags (RFC 4511 section 4.2 on).
const (
	bindRequest      = 0
	bindResponse     = 1
	unbindRequest    = 2
	searchRequest    = 3
	searchEntry      = 4
	searchDone       = 5
	modifyRequest    = 6
	modifyResponse   = 7
	addRequest       = 8
	addResponse      = 9
	delRequest       = 10
	delResponse      = 11
	modDNRequest     = 12
	modDNResponse    = 13
	compareRequest   = 14
	compareResponse  = 15
	abandonRequest   = 16
	searchReference  = 19
	extendedRequest  = 23
	extendedResponse = 24
	intermediate     = 25
)

// operation describes an operation.
type operation struct {
	name    string
	tag     byte // of its element
	request bool
	// result: the body begins with a result (section 4.1.9).
	result bool
}

var operations = [...]operation{
	bindRequest:      {"bind_request", 0x60, true, false},
	bindResponse:     {"bind_response", 0x61, false, true},
	unbindRequest:    {"unbind_request", 0x42, true, false},
	searchRequest:    {"search_request", 0x63, true, false},
	searchEntry:      {"search_result_entry", 0x64, false, false},
	searchDone:       {"search_result_done", 0x65, false, true},
	modifyRequest:    {"modify_request", 0x66, true, false},
	modifyResponse:   {"modify_response", 0x67, false, true},
	addRequest:       {"add_request", 0x68, true, false},
	addResponse:      {"add_response", 0x69, false, true},
	delRequest:       {"del_request", 0x4a, true, false},
	delResponse:      {"del_response", 0x6b, false, true},
	modDNRequest:     {"mod_dn_request", 0x6c, true, false},
	modDNResponse:    {"mod_dn_response", 0x6d, false, true},
	compareRequest:   {"compare_request", 0x6e, true, false},
	compareResponse:  {"compare_response", 0x6f, false, true},
	abandonRequest:   {"abandon_request", 0x50, true, false},
	searchReference:  {"search_result_reference", 0x73, false, false},
	extendedRequest:  {"extended_request", 0x77, true, false},
	extendedResponse: {"extended_response", 0x78, false, true},
	intermediate:     {"intermediate_response", 0x79, false, false},
}

// operationNames are the names for rules.
var operationNames = func() (names []field.EnumName) {
	for i, o := range operations {
		if o.name != "" {
			names = append(names, field.EnumName{Name: o.name, Value: uint64(i)})
		}
	}
	return names
}()

// isRequest reports whether the client sends op.
func isRequest(op uint8) bool { return operations[op].request }

// isLast reports whether a response ends its transaction.
func isLast(op uint8) bool { return op != searchEntry && op != searchReference && op != intermediate }

// answered reports whether a request has a response.
func answered(op uint8) bool { return op != unbindRequest && op != abandonRequest }

// resultNames are the codes of results (RFC 4511 appendix A and the registry of
// RFC 4520).
var resultNames = []field.EnumName{
	{Name: "success", Value: 0}, {Name: "operations_error", Value: 1}, {Name: "protocol_error", Value: 2},
	{Name: "time_limit_exceeded", Value: 3}, {Name: "size_limit_exceeded", Value: 4}, {Name: "compare_false", Value: 5},
	{Name: "compare_true", Value: 6}, {Name: "auth_method_not_supported", Value: 7}, {Name: "stronger_auth_required", Value: 8},
	{Name: "referral", Value: 10}, {Name: "admin_limit_exceeded", Value: 11}, {Name: "unavailable_critical_extension", Value: 12},
	{Name: "confidentiality_required", Value: 13}, {Name: "sasl_bind_in_progress", Value: 14}, {Name: "no_such_attribute", Value: 16},
	{Name: "undefined_attribute_type", Value: 17}, {Name: "inappropriate_matching", Value: 18}, {Name: "constraint_violation", Value: 19},
	{Name: "attribute_or_value_exists", Value: 20}, {Name: "invalid_attribute_syntax", Value: 21}, {Name: "no_such_object", Value: 32},
	{Name: "alias_problem", Value: 33}, {Name: "invalid_dns_syntax", Value: 34}, {Name: "is_leaf", Value: 35},
	{Name: "alias_dereferencing_problem", Value: 36}, {Name: "inappropriate_authentication", Value: 48}, {Name: "invalid_credentials", Value: 49},
	{Name: "insufficient_access_rights", Value: 50}, {Name: "busy", Value: 51}, {Name: "unavailable", Value: 52},
	{Name: "unwilling_to_perform", Value: 53}, {Name: "loop_detect", Value: 54}, {Name: "sort_control_missing", Value: 60},
	{Name: "offset_range_error", Value: 61}, {Name: "naming_violation", Value: 64}, {Name: "object_class_violation", Value: 65},
	{Name: "not_allowed_on_non_leaf", Value: 66}, {Name: "not_allowed_on_rdn", Value: 67}, {Name: "entry_already_exists", Value: 68},
	{Name: "object_class_mods_prohibited", Value: 69}, {Name: "results_too_large", Value: 70}, {Name: "affects_multiple_dsas", Value: 71},
	{Name: "control_error", Value: 76}, {Name: "other", Value: 80}, {Name: "server_down", Value: 81}, {Name: "local_error", Value: 82},
	{Name: "encoding_error", Value: 83}, {Name: "decoding_error", Value: 84}, {Name: "timeout", Value: 85}, {Name: "auth_unknown", Value: 86},
	{Name: "filter_error", Value: 87}, {Name: "user_canceled", Value: 88}, {Name: "param_error", Value: 89}, {Name: "no_memory", Value: 90},
	{Name: "connect_error", Value: 91}, {Name: "not_supported", Value: 92}, {Name: "control_not_found", Value: 93},
	{Name: "no_results_returned", Value: 94}, {Name: "more_results_to_return", Value: 95}, {Name: "client_loop", Value: 96},
	{Name: "referral_limit_exceeded", Value: 97}, {Name: "invalid_response", Value: 100}, {Name: "ambiguous_response", Value: 101},
	{Name: "tls_not_supported", Value: 112}, {Name: "intermediate_response", Value: 113}, {Name: "unknown_type", Value: 114},
	{Name: "canceled", Value: 118}, {Name: "no_such_operation", Value: 119}, {Name: "too_late", Value: 120}, {Name: "cannot_cancel", Value: 121},
	{Name: "assertion_failed", Value: 122}, {Name: "authorization_denied", Value: 123}, {Name: "e_sync_refresh_required", Value: 4096},
	{Name: "no_operation", Value: 16654},
}
