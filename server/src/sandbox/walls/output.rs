//! Keeps the head and the tail of an output that may never end.

use std::collections::VecDeque;

use crate::sandbox::Output;

/// A buffer of at most `limit` bytes: the first half of it as they came, the second half the latest.
#[derive(Debug)]
pub(super) struct Ring {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    half: usize,
    dropped: u64,
}

impl Ring {
    pub(super) fn new(limit: usize) -> Self {
        Self { head: Vec::new(), tail: VecDeque::new(), half: limit / 2, dropped: 0 }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        let (head, rest) = bytes.split_at(bytes.len().min(self.half - self.head.len()));
        self.head.extend_from_slice(head);
        let kept = &rest[rest.len().saturating_sub(self.half)..];
        let over = (self.tail.len() + kept.len()).saturating_sub(self.half);
        self.tail.drain(..over);
        self.tail.extend(kept);
        self.dropped += (over + rest.len() - kept.len()) as u64;
    }

    pub(super) fn finish(self) -> Output {
        let mut bytes = self.head;
        bytes.extend(self.tail);
        Output { bytes, dropped: self.dropped }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn head_and_tail_are_kept_whatever_the_pieces(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..20), half in 0_usize..50) {
            let all: Vec<u8> = pieces.concat();
            let mut ring = Ring::new(half * 2);
            pieces.iter().for_each(|piece| ring.push(piece));
            let output = ring.finish();
            if all.len() <= half * 2 {
                prop_assert_eq!(output, Output { bytes: all, dropped: 0 });
            } else {
                prop_assert_eq!(&output.bytes[..half], &all[..half]);
                prop_assert_eq!(&output.bytes[half..], &all[all.len() - half..]);
                prop_assert_eq!(output.dropped as usize, all.len() - half * 2);
            }
        }
    }
}
