package detect

// stateKeywords are about what is remembered: of flows, transactions and hosts,
// and in lists.
var stateKeywords = []Keyword{
	{Name: "flowbits", Doc: "Sets or tests bits of the flow.", Syntax: "set|unset|toggle|isset|isnotset, name[|name...], or noalert", Example: "flowbits:isset,seen;", setup: flowbits},
	{Name: "flowint", Doc: "Sets or tests a number of the flow.", Syntax: "name, =|+|-|<|<=|>|>=|==|!=, value or name; name, isset|notset", Example: "flowint:count,+,1;", setup: flowint},
	{Name: "xbits", Doc: "Sets or tests bits of addresses, or of a transaction.", Syntax: "set|unset|toggle|isset|isnotset, name, track ip_src|ip_dst|ip_pair|tx[, expire seconds]", Example: "xbits:set,bad,track ip_src,expire 60;", setup: xbitsKeyword},
	{Name: "hostbits", Doc: "Sets or tests bits of a host.", Syntax: "set|unset|toggle|isset|isnotset, name[, src|dst|both]", Example: "hostbits:set,bad,src;", setup: hostbits},
	{Name: "threshold", Doc: "How many alerts a rule raises, or how many matches one takes.", Syntax: "type limit|threshold|both|backoff, track by_src|by_dst|by_both|by_rule|by_flow, count n, seconds n", Example: "threshold:type limit, track by_src, count 1, seconds 60;", setup: thresholdKeyword},
	{Name: "detection_filter", Doc: "The rule fires only beyond so many matches.", Syntax: "track by_src|by_dst|by_both|by_rule|by_flow, count n, seconds n[, unique_on src_port|dst_port]", Example: "detection_filter:track by_src, count 30, seconds 60;", setup: detectionFilter},
	{Name: "dataset", Doc: "Looks the buffer before it up in a set, or changes the set.", Syntax: "set|unset|isset|isnotset, name[, type string|md5|sha256|ip|ipv4][, load|save|state file][, memcap size][, format csv|json|ndjson, value_key key, context_key key]", Example: `http.host; dataset:isset,known,type string;`, setup: datasetKeyword},
	{Name: "datarep", Doc: "Looks the reputation of the buffer before it up.", Syntax: "name, <|>|=, value, type string|md5|sha256|ip|ipv4, load file", setup: datarep},
	{Name: "iprep", Doc: "Reputation of an address, as lists have it.", Syntax: "src|dst|any|both, category, comparison", setup: iprep},
}
