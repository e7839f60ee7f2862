package proto

import "sync"

// TxList holds the open transactions of one parser, oldest first. T is the
// protocol's transaction type.
type TxList[T any, P interface {
	*T
	Transaction
}] struct {
	// Pool, if not nil, takes the transactions given back, for all parsers of
	// the protocol.
	Pool *sync.Pool
	open []Transaction
	next uint64
}

// Open returns a zeroed transaction with the next ID, in the list. reset may
// keep memory worth keeping of a reused one; nil zeroes it whole.
func (l *TxList[T, P]) Open(now int64, reset func(P)) P {
	var tx P
	if l.Pool != nil {
		tx, _ = l.Pool.Get().(P)
	}
	switch {
	case tx == nil:
		tx = new(T)
	case reset != nil:
		reset(tx)
	default:
		*tx = *new(T)
	}
	b := tx.Base()
	b.ID, b.Created, b.Updated = l.next, now, now
	l.next++
	l.open = append(l.open, tx)
	return tx
}

// All returns the open transactions, oldest first; valid until the next call.
func (l *TxList[T, P]) All() []Transaction { return l.open }

// Len returns the number of open transactions.
func (l *TxList[T, P]) Len() int { return len(l.open) }

// Last returns the transaction opened last, or nil.
func (l *TxList[T, P]) Last() P {
	if n := len(l.open); n > 0 {
		return l.open[n-1].(P)
	}
	return nil
}

// At returns the i-th open transaction.
func (l *TxList[T, P]) At(i int) P { return l.open[i].(P) }

// Opened returns how many transactions have been opened in all.
func (l *TxList[T, P]) Opened() uint64 { return l.next }

// Free takes tx out of the list.
func (l *TxList[T, P]) Free(tx Transaction) {
	for i, x := range l.open {
		if x == tx {
			copy(l.open[i:], l.open[i+1:])
			l.open[len(l.open)-1] = nil
			l.open = l.open[:len(l.open)-1]
			break
		}
	}
	if l.Pool != nil {
		l.Pool.Put(tx)
	}
}

// Undo takes back the Open that gave tx, the last one.
func (l *TxList[T, P]) Undo(tx P) {
	l.Free(tx)
	l.next--
}

// Reset empties the list for another flow.
func (l *TxList[T, P]) Reset() {
	for len(l.open) > 0 {
		l.Free(l.open[len(l.open)-1])
	}
	l.next = 0
}
