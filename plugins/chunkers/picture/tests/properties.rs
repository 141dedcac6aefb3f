//! What may never happen, whatever the document: text lost, out of order or twice as long as it may be.

use mortise_chunker_picture::Picture;
use mortise_sdk::chunker::Chunker;
use mortise_sdk::testing;
use mortise_shared_trial::{keeps, parted};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_document(document in parted(), limit in 8..200_u32) {
        keeps::<Picture>(&document, limit);
    }
}

#[test]
fn what_it_says_of_itself() {
    testing::assert_description::<<Picture as Chunker>::Config>(Picture::describe());
}
