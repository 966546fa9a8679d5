//! All black-box tests.
