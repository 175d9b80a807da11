import { type ReactNode, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Plain } from '../../shell/Plain.tsx';
import { ButtonLink } from '../../ui/Button.tsx';
import { EmptyState } from '../../ui/EmptyState.tsx';
import type { Who } from './who.ts';

interface PageProps {
  icon: ReactNode;
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
}

/** A page that says one thing about the meeting, and what can be done next. It is spoken when it comes. */
export function Page({ icon, title, children, actions }: PageProps) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    document.title = `${title} · Plenum`;
    const heading = box.current?.querySelector('h1');
    heading?.setAttribute('tabindex', '-1');
    heading?.focus({ preventScroll: true });
  }, [title]);
  return (
    <Plain>
      <div ref={box}>
        <EmptyState icon={icon} title={title} heading="h1" actions={actions}>
          {children}
        </EmptyState>
      </div>
    </Plain>
  );
}

/** Out of here: to one's meetings, or for who has none to the front page. */
export function WayBack({ who, primary = false }: { who: Who; primary?: boolean }) {
  const { t } = useTranslation('room');
  const guest = who.guestOf !== null;
  return (
    <ButtonLink to={guest ? '/' : '/meetings'} variant={primary ? 'primary' : 'secondary'}>
      {t(guest ? 'frontPage' : 'backToMeetings')}
    </ButtonLink>
  );
}
