// Package notify tells people and programs of events.
//
// A Notifier is a consume.Handler. Rules say which events go to which receivers; the
// events of a rule that agree in its group-by members are one group. A group tells
// when it begins (after Rule.Wait, so that one message has what came together), again
// each Rule.Repeat while more comes, once to other receivers when it has gone on for
// Rule.EscalateAfter, and when it has been quiet for Rule.ResolveAfter.
//
// All that is to be remembered is in one SQLite file, changed in one transaction
// before Handle returns: the ids of events seen (Options.Remember), the groups, and the
// messages that are still to be sent. So an event counts once however often it comes,
// restarts included, and a receiver that is down gets everything later. Sending
// is tried until it works, with pauses that double up to ten minutes. A message can
// arrive twice, when the process ends between sending and noting so; it has the
// same id then.
//
// A receiver with a budget gets no more messages in an hour than that; what is beyond
// is told in one message, with their number, when the hour allows it.
package notify
