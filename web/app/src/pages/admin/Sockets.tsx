import { type LiveSocket, useRest } from '@plenum/client';
import { Cable } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { Button } from '../../ui/Button.tsx';
import { TextField } from '../../ui/Field.tsx';
import styles from './Admin.module.css';
import { type Asked, ReasonDialog } from './ReasonDialog.tsx';
import { Table } from './Table.tsx';
import { useAdminQuery, useAskAgain } from './useAdmin.ts';

/** Connections, of one user or of anybody. */
export function Sockets() {
  const { t } = useTranslation('admin');
  const rest = useRest();
  const askAgain = useAskAgain();
  const [search, setSearch] = useSearchParams();
  const user = search.get('user') ?? undefined;
  const [written, setWritten] = useState(user ?? '');
  const [asked, setAsked] = useState<Asked | null>(null);
  const sockets = useAdminQuery(['sockets', user], (admin, call) => admin.sockets(user, call));

  const find = (event: FormEvent) => {
    event.preventDefault();
    const wanted = written.trim();
    setSearch({ tab: 'sockets', ...(wanted ? { user: wanted } : {}) });
  };
  const cut = (socket: LiveSocket) =>
    setAsked({
      title: t('sockets.cutTitle', { name: socket.username }),
      text: t('sockets.cutText'),
      done: t('sockets.done'),
      act: (reason) => rest.admin.cutSocket(socket.id, reason),
    });

  return (
    <>
      <form className={styles.find} onSubmit={find}>
        <TextField
          label={t('sockets.find')}
          hint={t('sockets.findHint')}
          value={written}
          autoComplete="off"
          onChange={(event) => setWritten(event.target.value)}
        />
        <Button type="submit">{t('search')}</Button>
      </form>
      <Table
        label={t('tabs.sockets')}
        query={sockets}
        none={t('sockets.none')}
        icon={<Cable />}
        columns={[t('sockets.user'), t('sockets.transport'), t('sockets.meetings'), t('sockets.node')]}
        row={(socket) => (
          <tr key={`${socket.node} ${socket.id}`}>
            <th scope="row">
              {socket.username}
              <span className={styles.quiet}>{socket.userId}</span>
            </th>
            <td>{socket.transport}</td>
            <td>
              {socket.meetings.map((id) => (
                <span key={id} className={styles.quiet}>
                  {id}
                </span>
              ))}
            </td>
            <td>{socket.node}</td>
            <td>
              <div className={styles.buttons}>
                <Button
                  size="small"
                  variant="danger"
                  aria-label={t('sockets.cutOf', { name: socket.username })}
                  onClick={() => cut(socket)}
                >
                  {t('sockets.cut')}
                </Button>
              </div>
            </td>
          </tr>
        )}
      />
      {asked && (
        <ReasonDialog
          asked={asked}
          onClose={(done) => {
            setAsked(null);
            if (done) askAgain();
          }}
        />
      )}
    </>
  );
}
