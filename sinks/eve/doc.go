// Package eve writes events as lines: EVE JSON and fast.log, to files, standard
// output, sockets and syslog.
//
// A Sink holds the outputs. Each worker has a Lane of it, which encodes events
// while their packet is still there: once for each distinct set of options, not
// once for each output. With one worker a lane writes through to the outputs.
// With several, lanes hand over batches of encoded records, and one goroutine
// merges them in packet order, so that the files are the same for any number
// of workers.
//
// A write that fails ends nothing at once: the first error of each output is
// kept, later records for it are counted as lost, and Close reports both.
package eve
