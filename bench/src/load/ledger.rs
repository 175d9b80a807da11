//! The account of every delivery: exact, and a few instructions each.

use std::collections::HashSet;

use memchr::memmem;

use crate::{
    load::plan::{Layout, Outcome},
    wire::{Mark, digits},
};

/// Who has got what.
pub struct Ledger {
    layout: Layout,
    seq: memmem::Finder<'static>,
    /// Messages of each voice.
    sent: Vec<u32>,
    /// The next number of a voice for each place of its room.
    next: Vec<u32>,
    /// The last `seq` at each place of each room.
    last: Vec<u64>,
    /// What was skipped and may still come: voice, place, number.
    skipped: HashSet<(u32, usize, u32)>,
    received: u64,
    doubled: u64,
    disordered: u64,
}

impl Ledger {
    /// Nothing sent yet.
    pub fn new(layout: Layout) -> Self {
        let voices = layout.rooms * layout.speakers;
        Self {
            layout,
            seq: memmem::Finder::new("\"seq\":"),
            sent: vec![0; voices],
            next: vec![0; voices * layout.size],
            last: vec![0; layout.rooms * layout.size],
            skipped: HashSet::new(),
            received: 0,
            doubled: 0,
            disordered: 0,
        }
    }

    /// The number of a voice's next message, which is sent now.
    pub fn send(&mut self, voice: usize) -> u32 {
        let number = self.sent[voice];
        self.sent[voice] += 1;
        number
    }

    /// A delivery to a place of the voice's room; `rest` is the payload after the mark.
    #[inline]
    pub fn receive(&mut self, mark: Mark, place: usize, rest: &[u8]) {
        let voice = mark.voice as usize;
        self.received += 1;
        let next = &mut self.next[voice * self.layout.size + place];
        let is_new = mark.number >= *next;
        if is_new {
            self.skipped.extend((*next..mark.number).map(|number| (mark.voice, place, number)));
            *next = mark.number + 1;
        } else if !self.skipped.remove(&(mark.voice, place, mark.number)) {
            self.doubled += 1;
            return;
        }
        let last = &mut self.last[voice / self.layout.speakers * self.layout.size + place];
        let seq = self.seq.find(rest).map_or(*last + 1, |at| digits(&rest[at + 6..]));
        self.disordered += u64::from(!is_new || seq <= *last);
        *last = seq.max(*last);
    }

    /// Messages of all voices.
    pub fn sent(&self) -> u64 {
        self.sent.iter().map(|sent| u64::from(*sent)).sum()
    }

    /// Deliveries there have to be for what was sent.
    pub fn expected(&self) -> u64 {
        self.sent() * self.layout.size as u64
    }

    /// Whether everything has come.
    pub fn is_settled(&self) -> bool {
        self.received - self.doubled == self.expected()
    }

    /// The sums.
    pub fn close(&self, outcome: &mut Outcome) {
        outcome.expected = self.expected();
        outcome.missing = (self.expected() + self.doubled).saturating_sub(self.received);
        outcome.doubled = self.doubled;
        outcome.disordered = self.disordered;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger_with(sent: u32) -> Ledger {
        let mut ledger = Ledger::new(Layout { rooms: 1, size: 2, groups: 1, speakers: 1 });
        for number in 0..sent {
            assert_eq!(ledger.send(0), number);
        }
        ledger
    }

    fn receive(ledger: &mut Ledger, place: usize, number: u32, seq: u32) {
        let mark = Mark { voice: 0, number, scheduled: 0 };
        ledger.receive(mark, place, format!(",\"seq\":{seq}}}").as_bytes());
    }

    fn sums(ledger: &Ledger) -> (u64, u64, u64, u64) {
        let mut outcome = Outcome::default();
        ledger.close(&mut outcome);
        (outcome.expected, outcome.missing, outcome.doubled, outcome.disordered)
    }

    #[test]
    fn all_in_order_is_settled() {
        let mut ledger = ledger_with(2);
        for (place, number) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            assert!(!ledger.is_settled());
            receive(&mut ledger, place, number, number + 1);
        }
        assert!(ledger.is_settled());
        assert_eq!(sums(&ledger), (4, 0, 0, 0));
    }

    #[test]
    fn what_is_missing_doubled_or_out_of_order_is_told_apart() {
        let mut ledger = ledger_with(3);
        receive(&mut ledger, 0, 0, 1);
        receive(&mut ledger, 0, 2, 3);
        receive(&mut ledger, 0, 2, 3);
        assert_eq!(sums(&ledger), (6, 4, 1, 0), "one skipped, one twice, three never came to the other");
        receive(&mut ledger, 0, 1, 2);
        assert_eq!(sums(&ledger), (6, 3, 1, 1), "the skipped one came late");
        receive(&mut ledger, 1, 0, 2);
        receive(&mut ledger, 1, 1, 1);
        assert_eq!(sums(&ledger), (6, 1, 1, 2), "the room's order is another");
    }
}
