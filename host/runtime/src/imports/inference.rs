//! `inference`: local models run by the host. The door is here with its rules; no engine stands behind it yet, so that
//! every opening is answered by the reason why not.

use crate::instance::State;

/// An open model. None can exist before an engine does, and the compiler knows it.
#[allow(unreachable_pub, reason = "the generated bindings export it again")]
pub enum OpenModel {}

impl State {
    /// Why a model cannot be opened.
    pub(crate) fn no_model(&self, name: &str) -> String {
        let name = crate::fault::cut(name, 128);
        if self.models.contains(&name) {
            format!("no local model is installed under {name:?}")
        } else {
            format!("the operator has not granted a local model {name:?}")
        }
    }
}

#[cfg(test)]
mod tests {
    use mortise_domain::Cancel;

    #[test]
    fn opening_says_what_is_missing() {
        let mut store = crate::instance::tests::store(Cancel::new(), None);
        let state = store.data_mut();
        state.models = ["minilm".to_owned()].into();
        assert!(state.no_model("minilm").contains("installed"));
        assert!(state.no_model("other").contains("granted"));
    }
}
