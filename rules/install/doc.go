// Package install makes one rule file of many sources and installs it.
//
// Sources are URLs and files: rules, or archives of them (tar.gz, zip). What
// they hold is put together by gid:sid, of which the highest revision counts;
// filters in the syntax of suricata-update enable, disable, change and drop
// rules; the result is checked by a function that the caller hands in, and takes
// the place of the set before in one step. That one is kept: see Rollback.
//
// Sources are not trusted with the machine: downloads, archives and the number
// of their files are bounded, names inside archives are no paths, and nothing is
// written but below the output folder. URLs may hold secrets: they are shown
// without user, query and inner path, and what is kept of them is private to the
// user.
package install
