import { Video } from '@plenum/client';
import { MonitorX, UsersRound } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { Button } from '../../../ui/Button.tsx';
import { CopyButton } from '../../../ui/CopyButton.tsx';
import { Spinner } from '../../../ui/Spinner.tsx';
import type { Seat } from '../seats.ts';
import { type Arrangement, arrange, type View } from './arrange.ts';
import styles from './Stage.module.css';
import { Tile } from './Tile.tsx';
import { tiling } from './tiling.ts';
import { useSize } from './useSize.ts';

interface StageProps {
  seats: Seat[];
  view: View;
  pinned: string | null;
  activeSpeaker: string | null;
  onPin: (userId: string | null) => void;
  onMore: () => void;
  /** Ends somebody's presentation: hosts, and who presents. */
  onStopPresenting: ((userId: string) => void) | null;
  link: string;
}

/** Everybody in the call, and what is presented. */
export function Stage(props: StageProps) {
  const { t } = useTranslation('room');
  const { seats, onPin, onMore, onStopPresenting } = props;
  const arrangement = arrange(seats, props);
  const { large } = arrangement;
  const own = seats[0];
  const presents = own?.presenting === true && own.screen !== null;

  return (
    <section className={styles.stage} aria-label={t('stage.label')}>
      {presents && (
        <div className={styles.own} role="status">
          <span>{t('stage.youPresent')}</span>
          <Button
            size="small"
            variant="danger"
            icon={<MonitorX />}
            onClick={() => onStopPresenting?.(own.userId)}
          >
            {t('stage.stopPresenting')}
          </Button>
        </div>
      )}
      {large ? (
        <div className={styles.focus}>
          <div className={styles.large}>
            {large.kind === 'screen' ? (
              <Screen seat={large.seat} onStop={onStopPresenting} />
            ) : (
              <Tile
                seat={large.seat}
                pinned={props.pinned === large.seat.userId}
                onPin={onPin}
                height={420}
              />
            )}
          </div>
          <ul className={styles.strip}>
            {arrangement.others.map((seat) => (
              <li key={seat.userId}>
                <Tile seat={seat} pinned={false} onPin={onPin} />
              </li>
            ))}
            {arrangement.more > 0 && (
              <li>
                <More count={arrangement.more} onMore={onMore} />
              </li>
            )}
          </ul>
        </div>
      ) : (
        <Grid arrangement={arrangement} onPin={onPin} onMore={onMore} />
      )}
      {seats.length === 1 && <Alone link={props.link} />}
    </section>
  );
}

const GAP = 8;

type GridProps = Pick<StageProps, 'onPin' | 'onMore'> & { arrangement: Arrangement };

function Grid({ arrangement: { others, more }, onPin, onMore }: GridProps) {
  const [box, size] = useSize<HTMLDivElement>();
  const count = others.length + (more > 0 ? 1 : 0);
  // Upright screens are those of phones, whose cameras stand upright too.
  const narrowest = size.width < size.height ? 3 / 4 : 16 / 9;
  const { width, height, columns } = tiling(size.width, size.height, count, { gap: GAP, narrowest });
  return (
    <div ref={box} className={styles.grid}>
      {width > 0 && (
        <ul className={styles.tiles} style={{ width: columns * width + (columns - 1) * GAP, gap: GAP }}>
          {others.map((seat) => (
            <li key={seat.userId} style={{ width, height }}>
              <Tile seat={seat} pinned={false} onPin={onPin} height={height} />
            </li>
          ))}
          {more > 0 && (
            <li style={{ width, height }}>
              <More count={more} onMore={onMore} />
            </li>
          )}
        </ul>
      )}
    </div>
  );
}

function Screen({ seat, onStop }: { seat: Seat; onStop: StageProps['onStopPresenting'] }) {
  const { t } = useTranslation('room');
  return (
    <div className={styles.screen}>
      {seat.screen ? (
        <Video stream={seat.screen} aria-label={t('stage.screenOf', { name: seat.username })} />
      ) : (
        <p className={styles.coming}>
          <Spinner />
          {t('stage.loadingScreen')}
        </p>
      )}
      <div className={styles.presenter}>
        <span>{t('stage.presents', { name: seat.username })}</span>
        {onStop && (
          <Button size="small" onClick={() => onStop(seat.userId)}>
            {t('people.stopPresenting')}
          </Button>
        )}
      </div>
    </div>
  );
}

function More({ count, onMore }: { count: number; onMore: () => void }) {
  const { t } = useTranslation('room');
  return (
    <button type="button" className={styles.more} onClick={onMore}>
      <UsersRound aria-hidden="true" />
      {t('stage.more', { count })}
    </button>
  );
}

function Alone({ link }: { link: string }) {
  const { t } = useTranslation('room');
  return (
    <div className={styles.alone}>
      <div>
        <strong>{t('stage.alone')}</strong>
        <p>{t('stage.aloneText')}</p>
      </div>
      <CopyButton text={link} label={t('bar.copyLink')} size="small" variant="primary" />
    </div>
  );
}
