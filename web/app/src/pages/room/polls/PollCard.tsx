import type { Meeting, OwnPoll } from '@plenum/client';
import { Check } from 'lucide-react';
import { type FormEvent, useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAttempt } from '../../../problems.ts';
import { Badge } from '../../../ui/Badge.tsx';
import { Button } from '../../../ui/Button.tsx';
import styles from './PollsPanel.module.css';

interface PollCardProps {
  poll: OwnPoll;
  meeting: Meeting;
}

/** A question: to answer, until one has, and then with what the others say. */
export function PollCard({ poll, meeting }: PollCardProps) {
  const { t } = useTranslation('room');
  const attempt = useAttempt();
  const id = useId();
  const [changing, setChanging] = useState(false);
  const voted = poll.choices.length > 0;
  const asks = !poll.closed && (!voted || changing);

  return (
    <section className={styles.poll} aria-labelledby={id}>
      <div className={styles.question}>
        <h3 id={id}>{poll.question}</h3>
        {poll.closed && <Badge>{t('polls.closed')}</Badge>}
      </div>
      {asks ? (
        <Vote poll={poll} meeting={meeting} labelledBy={id} onVoted={() => setChanging(false)} />
      ) : (
        <Results poll={poll} />
      )}
      <div className={styles.foot}>
        <span>{t('polls.votes', { count: poll.voters })}</span>
        {!asks && !poll.closed && (
          <Button size="small" variant="quiet" onClick={() => setChanging(true)}>
            {t('polls.change')}
          </Button>
        )}
        {meeting.isHost && !poll.closed && (
          <Button size="small" onClick={() => void attempt(() => meeting.closePoll(poll.pollId))}>
            {t('polls.close')}
          </Button>
        )}
      </div>
      {/* Who asked sees how it goes before voting. */}
      {asks && meeting.isHost && poll.voters > 0 && <Results poll={poll} />}
    </section>
  );
}

type VoteProps = PollCardProps & { labelledBy: string; onVoted: () => void };

function Vote({ poll, meeting, labelledBy, onVoted }: VoteProps) {
  const { t } = useTranslation('room');
  const attempt = useAttempt();
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set(poll.choices));
  const [busy, setBusy] = useState(false);

  const choose = (place: number, on: boolean) => {
    if (!poll.multiple) return setChosen(new Set([place]));
    const next = new Set(chosen);
    if (on) next.add(place);
    else next.delete(place);
    setChosen(next);
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    const choices = [...chosen].sort((a, b) => a - b);
    if (await attempt(() => meeting.vote(poll.pollId, choices))) onVoted();
    setBusy(false);
  };

  return (
    <form className={styles.vote} onSubmit={(event) => void submit(event)}>
      <fieldset aria-labelledby={labelledBy}>
        {poll.multiple && <p className={styles.hint}>{t('polls.multipleHint')}</p>}
        {poll.options.map((option, place) => (
          <label key={option} className={styles.choice}>
            <input
              type={poll.multiple ? 'checkbox' : 'radio'}
              name={poll.pollId}
              checked={chosen.has(place)}
              onChange={(event) => choose(place, event.target.checked)}
            />
            <span>{option}</span>
          </label>
        ))}
      </fieldset>
      <Button type="submit" variant="primary" size="small" busy={busy} disabled={chosen.size === 0}>
        {t('polls.vote')}
      </Button>
    </form>
  );
}

function Results({ poll }: { poll: OwnPoll }) {
  const { t, i18n } = useTranslation('room');
  const percent = new Intl.NumberFormat(i18n.language, { style: 'percent', maximumFractionDigits: 0 });
  return (
    <ul className={styles.results}>
      {poll.options.map((option, place) => {
        const count = poll.counts[place] ?? 0;
        const part = poll.voters > 0 ? count / poll.voters : 0;
        const own = poll.choices.includes(place);
        return (
          <li key={option} data-own={own || undefined}>
            <span className={styles.bar} style={{ width: `${part * 100}%` }} aria-hidden="true" />
            <span className={styles.option}>
              {option}
              {own && (
                <>
                  <Check aria-hidden="true" />
                  <span className="visually-hidden">({t('polls.yours')})</span>
                </>
              )}
            </span>
            <span className={styles.figure}>
              {count} · {percent.format(part)}
            </span>
          </li>
        );
      })}
    </ul>
  );
}
