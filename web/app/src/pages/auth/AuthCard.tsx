import type { ReactNode } from 'react';
import { Plain } from '../../shell/Plain.tsx';
import { Card } from '../../ui/Card.tsx';
import { PageTitle } from '../../ui/PageHeader.tsx';
import styles from './AuthCard.module.css';

interface AuthCardProps {
  title: string;
  lead?: ReactNode;
  children: ReactNode;
  /** Below the card: the way to another page. */
  footer?: ReactNode;
}

export function AuthCard({ title, lead, children, footer }: AuthCardProps) {
  return (
    <Plain>
      <div className={styles.column}>
        <Card className={styles.card}>
          <div className={styles.words}>
            <PageTitle>{title}</PageTitle>
            {lead && <p className={styles.lead}>{lead}</p>}
          </div>
          {children}
        </Card>
        {footer && <p className={styles.footer}>{footer}</p>}
      </div>
    </Plain>
  );
}
