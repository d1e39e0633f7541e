//! One task to one outcome: ask, act, check, record, within limits.
