//! Append-only record of every run; what `runs list|show|undo` read and what recovery starts from.
