import { type AccountBody, useRest, useSession } from '@plenum/client';
import { Ban, Cable, CircleCheck, Ellipsis, LogOut, TriangleAlert, UserRoundSearch } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSearchParams } from 'react-router';
import { Badge } from '../../ui/Badge.tsx';
import { Button, IconButton } from '../../ui/Button.tsx';
import { TextField } from '../../ui/Field.tsx';
import { Menu, MenuItem, MenuSeparator } from '../../ui/Menu.tsx';
import styles from './Admin.module.css';
import { type Asked, ReasonDialog } from './ReasonDialog.tsx';
import { Table } from './Table.tsx';
import { useAdminQuery, useAskAgain } from './useAdmin.ts';

/** Accounts of a page: more means that there may be others behind it. */
const PAGE = 100;

export function Accounts() {
  const { t } = useTranslation('admin');
  const rest = useRest();
  const { profile } = useSession();
  const askAgain = useAskAgain();
  const [search, setSearch] = useSearchParams();
  const query = search.get('query') ?? undefined;
  const after = search.get('after') ?? undefined;
  const [written, setWritten] = useState(query ?? '');
  const [asked, setAsked] = useState<Asked | null>(null);
  const accounts = useAdminQuery(['accounts', query, after], (admin, call) =>
    admin.accounts({ ...(query ? { query } : {}), ...(after ? { after } : {}) }, call),
  );
  const go = (fields: Record<string, string | undefined>) =>
    setSearch(
      Object.entries(fields).filter(
        (field): field is [string, string] => field[1] !== undefined && field[1] !== '',
      ),
    );

  const find = (event: FormEvent) => {
    event.preventDefault();
    go({ tab: 'accounts', query: written.trim() });
  };
  const ask = (what: 'disable' | 'enable' | 'end', { id, username: name }: AccountBody) =>
    setAsked({
      title: t(`accounts.${what}Title`, { name }),
      text: t(`accounts.${what}Text`),
      done: t('accounts.done'),
      act: (reason) => {
        const acts = { disable: rest.admin.disable, enable: rest.admin.enable, end: rest.admin.endSessions };
        return acts[what](id, reason);
      },
    });
  const last = accounts.data?.length === PAGE ? accounts.data.at(-1) : undefined;

  return (
    <>
      <form className={styles.find} onSubmit={find}>
        <TextField
          label={t('accounts.find')}
          value={written}
          autoComplete="off"
          maxLength={100}
          onChange={(event) => setWritten(event.target.value)}
        />
        <Button type="submit">{t('search')}</Button>
      </form>
      <Table
        label={t('tabs.accounts')}
        query={accounts}
        none={t('accounts.none')}
        icon={<UserRoundSearch />}
        columns={[t('accounts.name'), t('accounts.roles'), t('accounts.state')]}
        row={(account) => (
          <tr key={account.id}>
            <th scope="row">
              {account.username}
              <span className={styles.quiet}>{account.email}</span>
              <span className={styles.quiet}>{account.id}</span>
            </th>
            <td>{account.roles.join(', ')}</td>
            <td>
              <State account={account} />
            </td>
            <td>
              <div className={styles.buttons}>
                <Menu
                  trigger={
                    <IconButton
                      size="small"
                      icon={<Ellipsis />}
                      label={t('accounts.actions', { name: account.username })}
                    />
                  }
                >
                  <MenuItem
                    icon={<TriangleAlert aria-hidden="true" />}
                    onSelect={() => go({ tab: 'incidents', user: account.id, name: account.username })}
                  >
                    {t('accounts.incidents')}
                  </MenuItem>
                  <MenuItem
                    icon={<Cable aria-hidden="true" />}
                    onSelect={() => go({ tab: 'sockets', user: account.id })}
                  >
                    {t('accounts.sockets')}
                  </MenuItem>
                  {account.id !== profile?.id && (
                    <>
                      <MenuSeparator />
                      <MenuItem icon={<LogOut aria-hidden="true" />} onSelect={() => ask('end', account)}>
                        {t('accounts.endSessions')}
                      </MenuItem>
                      {account.disabledAt ? (
                        <MenuItem
                          icon={<CircleCheck aria-hidden="true" />}
                          onSelect={() => ask('enable', account)}
                        >
                          {t('accounts.enable')}
                        </MenuItem>
                      ) : (
                        <MenuItem
                          danger
                          icon={<Ban aria-hidden="true" />}
                          onSelect={() => ask('disable', account)}
                        >
                          {t('accounts.disable')}
                        </MenuItem>
                      )}
                    </>
                  )}
                </Menu>
              </div>
            </td>
          </tr>
        )}
      />
      {last && (
        <div>
          <Button onClick={() => go({ tab: 'accounts', query, after: last.id })}>{t('accounts.more')}</Button>
        </div>
      )}
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

function State({ account }: { account: AccountBody }) {
  const { t } = useTranslation('admin');
  if (account.disabledAt) return <Badge tone="warning">{t('accounts.disabled')}</Badge>;
  return (
    <>
      <Badge tone="accent">{t('accounts.active')}</Badge>
      {account.secondFactor && <span className={styles.quiet}>{t('accounts.secondFactor')}</span>}
      {!account.verified && <span className={styles.quiet}>{t('accounts.unverified')}</span>}
    </>
  );
}
