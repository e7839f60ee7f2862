package config

// Detect is the detection engine.
type Detect struct {
	Profile          string     `key:"profile" def:"medium" want:"low|medium|high|custom" doc:"how finely rules are grouped: memory against speed"`
	CustomValues     Section    `key:"custom-values" doc:"groups of profile custom"`
	SGHMPMContext    string     `key:"sgh-mpm-context" def:"auto" want:"auto|single|full" doc:"pattern sets shared between groups of rules"`
	Caching          bool       `key:"sgh-mpm-caching" def:"yes" doc:"keep compiled rules on disk for the next start"`
	CachingPath      Path       `key:"sgh-mpm-caching-path" doc:"where: in a folder weir of it, which is the user's alone; the folder of the user's caches if empty"`
	RecursionLimit   uint32     `key:"inspection-recursion-limit" def:"3000" doc:"attempts to fit the contents of one rule to one buffer; 0 is no limit"`
	StreamTxLogLimit uint8      `key:"stream-tx-log-limit" def:"4" doc:"alerts of rules on packets and streams that show the same transaction"`
	GuessApplayerTx  string     `key:"guess-applayer-tx" def:"auto" want:"auto|yes|no" doc:"alerts of rules on packets and streams show the transaction, where only one is open; auto: up to Suricata 7"`
	Prefilter        Prefilter  `key:"prefilter"`
	Thresholds       Thresholds `key:"thresholds"`
	Flowbits         Flowbits   `key:"flowbits"`
	Quarantine       Quarantine `key:"quarantine"`
}

// Quarantine is detect.quarantine, which is ours alone.
type Quarantine struct {
	After uint32 `key:"after" def:"500" doc:"a rule that is given up at the step limits so often is out of use for the rest of the run, and an engine record tells; 0 is never"`
}

// Profiling is profiling.rules, of which only the form is read: --profile-rules
// switches it on, as the stock configuration says enabled where nothing comes of
// it.
type Profiling struct {
	Filename string `key:"rules.filename" def:"rule_perf.json" doc:"file of --profile-rules in the log folder: every rule that was checked, as JSON"`
	Limit    uint32 `key:"rules.limit" def:"20" doc:"rules that the table of --profile-rules shows; 0 is all"`
	Sort     string `key:"rules.sort" def:"ticks" want:"ticks|avgticks|checks|matches|maxticks|avgticks_match|avgticks_no_match" doc:"what the table of --profile-rules is sorted by"`
}

// Prefilter is detect.prefilter.
type Prefilter struct {
	Default string `key:"default" def:"mpm" want:"mpm|auto" doc:"what rules are found by: patterns, or other keywords too"`
}

// Thresholds is detect.thresholds: the table of thresholds by flow or address.
type Thresholds struct {
	Memcap   Size   `key:"memcap" def:"16 MiB" doc:"memory for thresholds"`
	HashSize uint32 `key:"hash-size" def:"16384" min:"1" doc:"rows of the table"`
}

// Flowbits is detect.flowbits.
type Flowbits struct {
	MaxPerSignature uint32 `key:"max-per-signature" def:"64" min:"1" doc:"names that the flowbits of one rule may use"`
}

// Datasets are the sets that rules look values up in.
type Datasets struct {
	Enabled       bool            `key:"enabled" def:"yes" doc:"load data sets"`
	SaveDirectory Path            `key:"save-directory" doc:"where changed sets are kept; the data folder if empty"`
	Defaults      DatasetDefaults `key:"defaults"`
	Limits        DatasetLimits   `key:"limits"`
	Rules         DatasetRules    `key:"rules"`

	// Sets are declared here instead of in a rule: name: {type, state, load}.
	Sets []Section
}

// DatasetDefaults is datasets.defaults.
type DatasetDefaults struct {
	Memcap   Size   `key:"memcap" def:"100 MiB" doc:"memory of one set"`
	HashSize uint32 `key:"hashsize" def:"2048" min:"1" doc:"rows of one set"`
}

// DatasetLimits is datasets.limits.
type DatasetLimits struct {
	TotalHashSizes  uint64 `key:"total-hashsizes" def:"67108864" doc:"rows of all sets"`
	SingleHashSizes uint64 `key:"single-hashsize" def:"262144" doc:"rows of one set that a rule may ask for"`
}

// DatasetRules is datasets.rules.
type DatasetRules struct {
	AllowWrite             bool `key:"allow-write" def:"yes" doc:"rules may save sets"`
	AllowAbsoluteFilenames bool `key:"allow-absolute-filenames" def:"no" doc:"rules may name files outside the data folder"`
}

// Legacy is legacy.
type Legacy struct {
	Uricontent string `key:"uricontent" def:"enabled" want:"enabled|disabled" doc:"accept the keyword uricontent"`
}
