//! One file per lightbulb entry: when it is offered, and which task it becomes.
