package main

import (
	"cmp"
	"fmt"
	"os"
	"time"

	"weir/cmd/weir/config"
	"weir/decode/proto"
	"weir/detect"
	"weir/rules"
	"weir/rules/dist"
)

// ruleSet is the compiled rules of a run and what became of each.
type ruleSet struct {
	engine *detect.Engine
	loaded int
	errs   []*rules.Error
	took   time.Duration
	// loadedAt is when they came into force in a live run; zero with captures.
	loadedAt time.Time
	// warnings are about files that rules refer to, and lines without effect.
	warnings []string
}

// unlimitedSteps stands for detect.inspection-recursion-limit 0: more than any
// rule that is meant well takes.
const unlimitedSteps = 1 << 20

// loadRules reads and compiles the rules of a run; nil if there are none.
func loadRules(o *engineOptions, c *config.Config, set *proto.Set) (*ruleSet, error) {
	files, err := o.ruleFiles(c)
	if err != nil || o.DisableDetection {
		return nil, err
	}
	start := time.Now()
	rs := &ruleSet{}
	bundled := len(files) == 0 && o.Config.File == "" && len(o.extra) == 0
	opt := detect.Options{
		Vars: ruleVars(c), PCRELimit: 1 << 17, AlertMax: int(c.PacketAlertMax), KeepRaw: showsRule(c, "raw"), KeepReferences: showsRule(c, "reference"), RuleDir: string(c.DefaultRulePath),
		Actions: c.ActionOrder, IPS: c.IPS, MaxFlowbits: int(c.Detect.Flowbits.MaxPerSignature),
		GuessTx: c.Detect.GuessApplayerTx == "yes" || c.Detect.GuessApplayerTx == "auto" && c.Version < config.Version8,
		TxShown: int(c.Detect.StreamTxLogLimit), Recursion: cmp.Or(int(c.Detect.RecursionLimit), unlimitedSteps),
		Quarantine: int(c.Detect.Quarantine.After), Off: keywordsOff(c),
	}
	opt.Processes = o.processes
	if opt.AlertMax == 0 {
		opt.AlertMax = 15
	}
	if name := string(c.ClassificationFile); name != "" {
		classes, errs, err := rules.ParseClasses(name)
		if err != nil {
			rs.warnings = append(rs.warnings, fmt.Sprintf("classification-file: %v: alerts have no class", err))
		}
		opt.Classes = classes
		rs.errs = append(rs.errs, errs...)
	}
	if name := string(c.IPRep.CategoriesFile); name != "" {
		if err := rs.reputation(&opt, name, c.IPRep.Files); err != nil {
			return nil, err
		}
	}
	if name := string(c.ThresholdFile); name != "" {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("threshold-file: %w", err)
		}
		var errs []*rules.Error
		opt.Limits, errs = rules.Limits(name, text)
		rs.errs = append(rs.errs, errs...)
	}
	if name := string(c.ReferenceConfigFile); name != "" && opt.KeepReferences {
		refs, err := rules.ParseReferences(name)
		if err != nil {
			rs.warnings = append(rs.warnings, fmt.Sprintf("reference-config-file: %v: alerts have no references", err))
		}
		opt.References = refs
	}
	if bundled {
		opt.Classes, _ = rules.Classes("classification.config (built in)", dist.Classification)
	}
	if name := string(c.GeoIPDatabase); name != "" {
		if opt.Countries, err = detect.OpenCountries(name); err != nil {
			rs.warnings = append(rs.warnings, fmt.Sprintf("geoip-database: %v", err))
		}
	}
	if opt.Datasets, err = datasets(c); err != nil {
		return nil, err
	}
	cache, err := openRuleCache(c, files)
	if err != nil {
		rs.warnings = append(rs.warnings, fmt.Sprintf("detect.sgh-mpm-caching: %v: sets are compiled anew at each start", err))
	}
	if cache != nil {
		opt.Sets = cache
	}
	b := detect.NewBuilder(set, opt)
	add := func(name string, text []byte) {
		for r, err := range rules.All(name, text) {
			if err != nil {
				rs.errs = append(rs.errs, err)
				continue
			}
			if o.add != nil {
				o.add(b, r)
			} else {
				b.Add(r)
			}
		}
	}
	if bundled {
		add(dist.Name, dist.Rules)
	}
	for _, x := range o.extra {
		add(x.name, x.text)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read rules: %w", err)
		}
		add(name, text)
	}
	engine, rep, err := b.Build()
	if err != nil {
		return nil, err
	}
	if cache != nil {
		if err := cache.Close(); err != nil {
			rs.warnings = append(rs.warnings, fmt.Sprintf("detect.sgh-mpm-caching: %v", err))
		}
	}
	rs.engine, rs.loaded = engine, rep.Loaded
	rs.errs = append(rs.errs, rep.Errors...)
	for _, w := range rep.Warnings {
		rs.warnings = append(rs.warnings, w.Error())
	}
	rs.took = time.Since(start)
	if o.InitErrorsFatal && len(rs.errs) > 0 {
		return nil, &brokenRules{rs.errs}
	}
	return rs, nil
}

// reputation loads the reputation of addresses.
func (rs *ruleSet) reputation(opt *detect.Options, categories string, files []string) error {
	text, err := os.ReadFile(categories)
	if err != nil {
		return fmt.Errorf("reputation-categories-file: %w", err)
	}
	r, errs := detect.NewReputation(categories, text)
	rs.errs = append(rs.errs, errs...)
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return fmt.Errorf("reputation-files: %w", err)
		}
		rs.errs = append(rs.errs, r.Load(name, text)...)
	}
	opt.Reputation = r
	return nil
}
