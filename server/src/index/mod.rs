//! What is known of the code: an outline per file, from `queries/<language>/*.scm`. Languages are registered here, as data.
