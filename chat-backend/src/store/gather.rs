//! Asking a store together: who asks while it answers others is answered by the next round, which begins after they
//! asked. So an answer is never older than its question, and many who ask at once cost as much as a few.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use tokio::{
    sync::oneshot::{self, error::TryRecvError},
    task::yield_now,
};

use super::StoreError;

/// Questions of one round.
pub const ASKED_AT_ONCE: usize = 128;
/// Questions that may wait; further ones are refused.
const WAITING_MAX: usize = 20_000;

/// Answers many questions at once.
#[async_trait]
pub trait Round: Send {
    /// What is asked.
    type Question: Clone + Send + Sync;
    /// What is answered.
    type Answer: Send;

    /// One answer for each question, in their order. May be dropped half-way, and is then asked again.
    async fn answer(&mut self, questions: &[Self::Question]) -> Vec<Result<Self::Answer, StoreError>>;
}

/// Brings those who ask together.
pub struct Gather<R: Round> {
    waiting: Mutex<VecDeque<Waiting<R>>>,
    /// Who holds it asks for everyone who waits. No task of its own does, so nothing outlives those who ask.
    turn: tokio::sync::Mutex<R>,
}

struct Waiting<R: Round> {
    question: R::Question,
    tell: oneshot::Sender<Result<R::Answer, StoreError>>,
}

impl<R: Round> Gather<R> {
    pub fn new(round: R) -> Self {
        Self { waiting: Mutex::default(), turn: tokio::sync::Mutex::new(round) }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Waiting<R>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks, with whoever asks meanwhile.
    pub async fn ask(&self, question: R::Question) -> Result<R::Answer, StoreError> {
        // Again when whoever asked for us left before the answer came.
        loop {
            let mut told = self.wait(question.clone())?;
            tokio::select! {
                biased;
                Ok(answer) = &mut told => return answer,
                mut round = self.turn.lock() => {
                    yield_now().await; // those who are about to ask come along
                    loop {
                        match told.try_recv() {
                            Ok(answer) => return answer,
                            Err(TryRecvError::Empty) => self.ask_for_all(&mut round).await,
                            Err(TryRecvError::Closed) => break,
                        }
                    }
                }
            }
        }
    }

    fn wait(
        &self,
        question: R::Question,
    ) -> Result<oneshot::Receiver<Result<R::Answer, StoreError>>, StoreError> {
        let (tell, told) = oneshot::channel();
        let mut waiting = self.waiting();
        if waiting.len() >= WAITING_MAX {
            return Err(StoreError::unavailable("too many wait for it"));
        }
        waiting.push_back(Waiting { question, tell });
        Ok(told)
    }

    async fn ask_for_all(&self, round: &mut R) {
        let asking: Vec<Waiting<R>> = {
            let mut waiting = self.waiting();
            let some = waiting.len().min(ASKED_AT_ONCE);
            waiting.drain(..some).filter(|asked| !asked.tell.is_closed()).collect()
        };
        let questions: Vec<R::Question> = asking.iter().map(|asked| asked.question.clone()).collect();
        for (asked, answer) in asking.into_iter().zip(round.answer(&questions).await) {
            asked.tell.send(answer).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use futures_util::future::join_all;
    use tokio::sync::{Semaphore, mpsc};

    use super::*;

    /// Says what each round is asked, and answers it when it may.
    struct Doubling {
        asked: mpsc::UnboundedSender<Vec<u32>>,
        may: Arc<Semaphore>,
    }

    #[async_trait]
    impl Round for Doubling {
        type Question = u32;
        type Answer = u32;

        async fn answer(&mut self, numbers: &[u32]) -> Vec<Result<u32, StoreError>> {
            self.asked.send(numbers.to_vec()).unwrap();
            self.may.acquire().await.unwrap().forget();
            numbers.iter().map(|number| Ok(number * 2)).collect()
        }
    }

    fn doubling() -> (Gather<Doubling>, mpsc::UnboundedReceiver<Vec<u32>>, Arc<Semaphore>) {
        let ((asked, rounds), may) = (mpsc::unbounded_channel(), Arc::new(Semaphore::new(0)));
        (Gather::new(Doubling { asked, may: may.clone() }), rounds, may)
    }

    #[tokio::test]
    async fn who_asks_during_a_round_is_answered_by_the_next() {
        let (gather, mut rounds, may) = doubling();
        let steps = async {
            assert_eq!(rounds.recv().await.unwrap(), [1]);
            let later = join_all((2..300).map(|number| gather.ask(number)));
            let release = async {
                may.add_permits(4);
                let asked = [
                    rounds.recv().await.unwrap(),
                    rounds.recv().await.unwrap(),
                    rounds.recv().await.unwrap(),
                ];
                assert_eq!(asked.concat(), (2..300).collect::<Vec<_>>());
                assert!(asked.iter().all(|round| round.len() <= ASKED_AT_ONCE));
            };
            let (answers, ()) = tokio::join!(later, release);
            assert!(answers.into_iter().map(Result::unwrap).eq((2..300).map(|number| number * 2)));
        };
        let (first, ()) = tokio::join!(gather.ask(1), steps);
        assert_eq!(first.unwrap(), 2);
    }

    #[tokio::test]
    async fn who_leaves_while_asking_for_all_leaves_nobody_unanswered() {
        let (gather, mut rounds, may) = doubling();
        let mut leader = Box::pin(gather.ask(1));
        let mut other = Box::pin(gather.ask(2));
        let asked = async {
            tokio::select! {
                biased;
                _ = &mut leader => unreachable!("it may not answer yet"),
                _ = &mut other => unreachable!("it may not answer yet"),
                asked = rounds.recv() => asked.unwrap(),
            }
        };
        assert_eq!(asked.await, [1, 2]);
        drop(leader);
        may.add_permits(1);
        assert_eq!(other.await.unwrap(), 4);
        assert_eq!(rounds.recv().await.unwrap(), [2]);
    }
}
