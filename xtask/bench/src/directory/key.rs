//! A key, in the headers of each contract.

/// A header.
pub(crate) type Header = (String, String);

/// A key of a workspace.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) public: String,
    pub(crate) secret: String,
}

impl Key {
    /// As Notiflows' headers.
    pub(crate) fn notiflows(&self) -> Vec<Header> {
        let header = |name: &str, value: &String| (name.to_owned(), value.clone());
        vec![header("x-notiflows-api-key", &self.public), header("x-notiflows-secret-key", &self.secret)]
    }

    /// As Flowra's header.
    pub(crate) fn flowra(&self) -> Vec<Header> {
        vec![("x-api-key".to_owned(), self.secret.clone())]
    }

    /// As Zaia's header.
    pub(crate) fn zaia(&self) -> Vec<Header> {
        vec![("authorization".to_owned(), self.secret.clone())]
    }
}
