//! A router that can say which routes it has.

use ::axum::{Router, routing::MethodRouter};

/// Routes, and their paths: what is documented can be compared with what there is.
#[derive(Debug, Clone)]
pub struct Listed<S> {
    router: Router<S>,
    paths: Vec<&'static str>,
}

impl<S: Clone + Send + Sync + 'static> Listed<S> {
    /// No routes yet.
    #[must_use]
    pub fn new() -> Self {
        Self { router: Router::new(), paths: Vec::new() }
    }

    /// Adds a route.
    #[must_use]
    pub fn route(mut self, path: &'static str, methods: MethodRouter<S>) -> Self {
        self.paths.push(path);
        Self { router: self.router.route(path, methods), ..self }
    }

    /// The paths of all routes.
    #[must_use]
    pub fn paths(&self) -> &[&'static str] {
        &self.paths
    }

    /// The router, with what its handlers work on.
    pub fn with_state<T>(self, state: S) -> Router<T> {
        self.router.with_state(state)
    }
}

impl<S: Clone + Send + Sync + 'static> Default for Listed<S> {
    fn default() -> Self {
        Self::new()
    }
}
