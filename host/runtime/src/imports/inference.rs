//! `inference`: local models run by the host. The door is here with its rules; no engine stands behind it yet, so that
//! every `open` is answered by the reason why not.

use crate::bindings::host::mortise::plugin::inference::{Host, HostModel, Tensor};
use crate::bindings::host::mortise::plugin::types::Error;
use crate::instance::State;
use wasmtime::component::Resource;

/// An open model. None can exist before an engine does, and the compiler knows it.
#[allow(unreachable_pub, reason = "the generated bindings export it again")]
pub enum OpenModel {}

impl Host for State {}

impl HostModel for State {
    async fn open(&mut self, name: String) -> wasmtime::Result<Result<Resource<OpenModel>, Error>> {
        let name = crate::fault::cut(&name, 128);
        let why = if self.models.contains(&name) {
            format!("no local model is installed under {name:?}")
        } else {
            format!("the operator has not granted a local model {name:?}")
        };
        Ok(Err(Error::Unsupported(why)))
    }

    async fn file(&mut self, model: Resource<OpenModel>, _name: String) -> wasmtime::Result<Result<Vec<u8>, Error>> {
        match *self.table.get(&model)? {}
    }

    async fn run(
        &mut self,
        model: Resource<OpenModel>,
        _inputs: Vec<Tensor>,
        _outputs: Vec<String>,
    ) -> wasmtime::Result<Result<Vec<Tensor>, Error>> {
        match *self.table.get(&model)? {}
    }

    async fn drop(&mut self, model: Resource<OpenModel>) -> wasmtime::Result<()> {
        self.table.delete(model)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mortise_domain::Cancel;

    #[tokio::test]
    async fn opening_says_what_is_missing() {
        let mut store = crate::instance::tests::store(Cancel::new(), None);
        let state = store.data_mut();
        state.models = ["minilm".to_owned()].into();
        let why = async |state: &mut State, name: &str| match state.open(name.into()).await.unwrap() {
            Err(Error::Unsupported(why)) => why,
            other => panic!("{other:?}"),
        };
        assert!(why(state, "minilm").await.contains("installed"));
        assert!(why(state, "other").await.contains("granted"));
    }
}
