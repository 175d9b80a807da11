import { Server } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useFormat } from '../../i18n/format.ts';
import { Badge } from '../../ui/Badge.tsx';
import styles from './Admin.module.css';
import { Table } from './Table.tsx';
import { useAdminQuery } from './useAdmin.ts';

/** The nodes, how many there are of what, and the limits. */
export function Overview() {
  const { t } = useTranslation('admin');
  const format = useFormat();
  const overview = useAdminQuery(['overview'], (admin, call) => admin.overview(call));
  const { data } = overview;
  const sum = (of: 'sockets' | 'rooms' | 'people') =>
    data?.nodes.reduce((all, node) => all + node[of], 0) ?? 0;
  const figures = data && [
    [t('overview.people'), sum('people')],
    [t('overview.rooms'), sum('rooms')],
    [t('overview.sockets'), sum('sockets')],
    [t('overview.accounts'), data.accounts],
    [t('overview.sessions'), data.sessions],
  ];

  return (
    <>
      {figures && (
        <dl className={styles.figures}>
          {figures.map(([name, figure]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{figure}</dd>
            </div>
          ))}
        </dl>
      )}
      <h2>{t('overview.nodes')}</h2>
      <Table
        label={t('overview.nodes')}
        query={{ ...overview, data: data?.nodes }}
        none={t('overview.down')}
        icon={<Server />}
        columns={[
          t('overview.node'),
          t('overview.state'),
          t('overview.sockets'),
          t('overview.rooms'),
          t('overview.people'),
          t('overview.since'),
          t('overview.version'),
        ]}
        row={(node) => (
          <tr key={node.node}>
            <th scope="row">{node.node}</th>
            <td>
              <Badge tone={node.up ? 'accent' : 'warning'}>
                {t(node.up ? 'overview.up' : 'overview.down')}
              </Badge>
            </td>
            <td>{node.up && node.sockets}</td>
            <td>{node.up && node.rooms}</td>
            <td>{node.up && node.people}</td>
            <td className={styles.nowrap}>{node.up && format.dateTime(node.startedAt)}</td>
            <td>{node.version}</td>
            <td />
          </tr>
        )}
      />
      {data && (
        <>
          <h2>{t('overview.limits')}</h2>
          <p className={styles.lead}>{t('overview.limitsText')}</p>
          <Table
            label={t('overview.limits')}
            query={{ ...overview, data: data.limits }}
            none={t('overview.unlimited')}
            icon={<Server />}
            columns={[t('overview.limit'), t('overview.most')]}
            row={({ name, most }) => (
              <tr key={name}>
                <th scope="row">
                  <code>{name}</code>
                </th>
                <td>{most ?? t('overview.unlimited')}</td>
                <td />
              </tr>
            )}
          />
        </>
      )}
    </>
  );
}
