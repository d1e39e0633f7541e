//! Who answers: a conversation and tool specifications in, a reply out. One file per wire protocol.
