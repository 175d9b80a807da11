import type { Meeting } from '@plenum/client';
import { BarChart3, Plus } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from '../../../ui/Button.tsx';
import { EmptyState } from '../../../ui/EmptyState.tsx';
import { Panel } from '../Panel.tsx';
import { NewPoll } from './NewPoll.tsx';
import { PollCard } from './PollCard.tsx';
import styles from './PollsPanel.module.css';

export function PollsPanel({ meeting, onClose }: { meeting: Meeting; onClose: () => void }) {
  const { t } = useTranslation('room');
  const { polls, isHost } = meeting;
  const [writing, setWriting] = useState(false);
  return (
    <Panel title={t('polls.title')} onClose={onClose}>
      <div className={styles.scroll}>
        {isHost && writing && <NewPoll meeting={meeting} onDone={() => setWriting(false)} />}
        {isHost && !writing && (
          <Button
            icon={<Plus />}
            variant={polls.length === 0 ? 'primary' : 'secondary'}
            onClick={() => setWriting(true)}
          >
            {t('polls.new')}
          </Button>
        )}
        {polls.length === 0 && !writing && (
          <EmptyState icon={<BarChart3 />} title={t('polls.empty')}>
            {t(isHost ? 'polls.emptyHost' : 'polls.emptyText')}
          </EmptyState>
        )}
        {polls.toReversed().map((poll) => (
          <PollCard key={poll.pollId} poll={poll} meeting={meeting} />
        ))}
      </div>
    </Panel>
  );
}
